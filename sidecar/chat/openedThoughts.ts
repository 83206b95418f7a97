import type { ModelSession } from '../engine/engine.ts';
import type { LoadedModel, TokenId } from '../protocol/engine.ts';

const OPENING = '<think>\n';
/** More than the mark and the line's end are in any vocabulary. */
const LAST_TOKENS = 16;

/**
 * What an answer to a prompt has to be put behind, so that its thoughts can be told from what it says: some reasoning models' templates open the thoughts
 * themselves. Empty for all others.
 */
export async function openedThoughts({ engine }: ModelSession, model: LoadedModel, prompt: readonly TokenId[]): Promise<string> {
  if (!model.chatTemplate?.includes('<think>')) return '';
  const end = await engine.detokenize(prompt.slice(-LAST_TOKENS), { special: true });
  return /<think>\s*$/.test(end) ? OPENING : '';
}
