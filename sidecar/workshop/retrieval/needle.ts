import type { Engine } from '../../engine/engine.ts';
import type { TokenId } from '../../protocol/engine.ts';
import { Random } from '../train/random.ts';
import { continuationOf } from './continuation.ts';
import { composeContext, type ContextTokenizer, type TextSource } from './context.ts';
import { isRecalled, makeNeedle } from './facts.ts';

export interface NeedleOptions {
  readonly source: TextSource;
  /** The maximum number of tokens in the prompt. */
  readonly length: number;
  /** The position of the fact, in per cent of the context. */
  readonly depth: number;
  /** The same seed gives the same text at every depth. */
  readonly seed: number;
}

/** A text with a fact in it, and the question at its end. */
export interface NeedleTask {
  readonly prompt: readonly TokenId[];
  readonly question: string;
  readonly value: string;
  /** The number of tokens of the value. */
  readonly valueTokens: number;
}

export interface NeedleAnswer {
  readonly question: string;
  readonly value: string;
  readonly answer: string;
  readonly isFound: boolean;
}

/**
 * Makes a task. The same options and tokenizer give the same task. Throws `TroubleError` 'invalid-input' if there is
 * not enough text.
 */
export async function makeNeedleTask(
  { source, length, depth, seed }: NeedleOptions,
  tokenizer: ContextTokenizer,
): Promise<NeedleTask> {
  const random = new Random(seed);
  const needle = makeNeedle(random);
  const { question, value } = needle;
  const { tokens } = await composeContext(
    { source, random, hidden: [{ share: depth / 100, fact: () => needle }], maxTokens: length, end: `\n${question}` },
    tokenizer,
  );
  return { prompt: tokens, question, value, valueTokens: (await tokenizer.tokenize(` ${value}`)).length };
}

export async function askNeedle(
  engine: Pick<Engine, 'generate'>,
  { prompt, question, value, valueTokens }: NeedleTask,
  signal?: AbortSignal,
): Promise<NeedleAnswer> {
  const { text } = await continuationOf(engine, prompt, { maxTokens: valueTokens + 1, signal });
  return { question, value, answer: text, isFound: isRecalled(text, value) };
}
