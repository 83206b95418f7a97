import type { ModelSession } from '../engine/engine.ts';
import type { LoadedModel, TokenId } from '../protocol/engine.ts';

const OPENING = '<think>\n';
const CLOSING = '\n</think>\n\n';
/** More than the mark and the line's end are in any vocabulary. */
const LAST_TOKENS = 16;

/**
 * What an answer to a prompt has to be put behind, so that its thoughts can be told from what it says: some reasoning
 * models' templates open the thoughts themselves. Empty for all others.
 */
export async function openedThoughts(
  session: ModelSession,
  model: LoadedModel,
  prompt: readonly TokenId[],
): Promise<string> {
  return isReasoning(model) && endsOpen(await endOf(session, prompt)) ? OPENING : '';
}

/**
 * What a prompt has to be followed by, so that a reasoning model answers without thoughts: the empty ones that
 * templates write for that. Nothing for all others.
 */
export async function withheldThoughts(
  session: ModelSession,
  model: LoadedModel,
  prompt: readonly TokenId[],
): Promise<readonly TokenId[]> {
  if (!isReasoning(model)) return [];
  const end = await endOf(session, prompt);
  if (/<\/think>\s*$/.test(end)) return [];
  return session.engine.tokenize(endsOpen(end) ? CLOSING : OPENING + CLOSING, { special: true });
}

function isReasoning({ chatTemplate }: LoadedModel): boolean {
  return chatTemplate?.includes('<think>') === true;
}

function endsOpen(text: string): boolean {
  return /<think>\s*$/.test(text);
}

function endOf({ engine }: ModelSession, prompt: readonly TokenId[]): Promise<string> {
  return engine.detokenize(prompt.slice(-LAST_TOKENS), { special: true });
}
