import type { TextEngine } from '../../engine/engine.ts';
import type { TokenId } from '../../protocol/engine.ts';

/** A prompt without its last tokens, and the text that the model must begin with instead. */
export interface HealedPrompt {
  readonly tokens: readonly TokenId[];
  readonly requiredPrefix: string;
}

/** How many tokens before the removed ones are detokenized with them. Some tokenizers drop a text's leading space. */
const TOKENS_BEFORE = 4;
export const MAX_TAKEN_BACK = 4;

/**
 * Heals a prompt: takes back the last token, and the whole word if the cursor is in one. A tokenizer often would not
 * have split the finished text at the cursor (SmolLM2 merges a line break with the indentation behind it). So the model
 * never saw a prompt that ends there.
 */
export async function healPrompt(engine: TextEngine, text: string, tokens: readonly TokenId[]): Promise<HealedPrompt> {
  let healed: HealedPrompt = { tokens, requiredPrefix: '' };
  for (let taken = 1; taken <= Math.min(MAX_TAKEN_BACK, tokens.length); taken++) {
    const tail = await textOfLast(engine, tokens, taken);
    // A character split over tokens becomes a replacement character. So one more token is taken back.
    if (tail === undefined || tail === '' || !text.endsWith(tail)) continue;
    healed = { tokens: tokens.slice(0, tokens.length - taken), requiredPrefix: tail };
    if (!continuesWord(text, tail)) break;
  }
  return healed;
}

async function textOfLast(engine: TextEngine, tokens: readonly TokenId[], count: number): Promise<string | undefined> {
  const cut = tokens.length - count;
  const before = tokens.slice(Math.max(0, cut - TOKENS_BEFORE), cut);
  const head = await engine.detokenize(before, { special: true });
  const whole = await engine.detokenize([...before, ...tokens.slice(cut)], { special: true });
  return whole.startsWith(head) ? whole.slice(head.length) : undefined;
}

/** Whether the removed text begins in the middle of a word. */
export function continuesWord(text: string, tail: string): boolean {
  const before = text.slice(0, text.length - tail.length);
  return /[\p{L}\p{N}_]$/u.test(before) && /^[\p{L}\p{N}_]+$/u.test(tail);
}
