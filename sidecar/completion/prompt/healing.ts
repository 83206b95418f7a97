import type { TextEngine } from '../../engine/engine.ts';
import type { TokenId } from '../../protocol/engine.ts';

/** A prompt whose last tokens were taken back, and the text that the model must therefore begin with. */
export interface HealedPrompt {
  readonly tokens: readonly TokenId[];
  readonly requiredPrefix: string;
}

/**
 * Tokens before the ones taken back that are detokenised with them, since some tokenizers drop a text's leading space.
 */
const ANCHOR_TOKENS = 4;
const MAX_TAKEN_BACK = 4;

/**
 * Token healing: a tokenizer would often not have split the finished text at the cursor (SmolLM2's merges a line break
 * with the indentation behind it), so the model never saw a prompt that ends there. Takes back the last token, and the
 * whole word where the cursor is in one.
 */
export async function healPrompt(engine: TextEngine, text: string, tokens: readonly TokenId[]): Promise<HealedPrompt> {
  let healed: HealedPrompt = { tokens, requiredPrefix: '' };
  for (let taken = 1; taken <= Math.min(MAX_TAKEN_BACK, tokens.length); taken++) {
    const tail = await textOfLast(engine, tokens, taken);
    // A character split over tokens shows as a replacement character: take back one more.
    if (tail === undefined || tail === '' || !text.endsWith(tail)) continue;
    healed = { tokens: tokens.slice(0, tokens.length - taken), requiredPrefix: tail };
    if (!continuesWord(text, tail)) break;
  }
  return healed;
}

async function textOfLast(engine: TextEngine, tokens: readonly TokenId[], count: number): Promise<string | undefined> {
  const cut = tokens.length - count;
  const anchor = tokens.slice(Math.max(0, cut - ANCHOR_TOKENS), cut);
  const head = await engine.detokenize(anchor, { special: true });
  const whole = await engine.detokenize([...anchor, ...tokens.slice(cut)], { special: true });
  return whole.startsWith(head) ? whole.slice(head.length) : undefined;
}

/** Whether what was taken back begins in the middle of a word. */
function continuesWord(text: string, tail: string): boolean {
  const before = text.slice(0, text.length - tail.length);
  return /[\p{L}\p{N}_]$/u.test(before) && /^[\p{L}\p{N}_]+$/u.test(tail);
}
