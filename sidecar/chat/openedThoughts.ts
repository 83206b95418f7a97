import type { ModelSession } from '../engine/engine.ts';
import type { LoadedModel, TokenId } from '../protocol/engine.ts';

const OPENING = '<think>\n';
const CLOSING = '\n</think>\n\n';
/** No vocabulary needs more tokens for the mark and the end of the line. */
const LAST_TOKENS = 16;

/**
 * Returns the text to put before an answer, so that the model's thoughts can be separated from it. Some reasoning
 * models' templates open the thoughts in the prompt. Returns '' for all other models.
 */
export async function openedThoughts(
  session: ModelSession,
  model: LoadedModel,
  prompt: readonly TokenId[],
): Promise<string> {
  return isReasoning(model) && endsOpen(await endOf(session, prompt)) ? OPENING : '';
}

/**
 * Returns the tokens to put behind a prompt so that a reasoning model answers without thoughts: the empty thoughts that
 * templates write for this. Returns none for other models.
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
