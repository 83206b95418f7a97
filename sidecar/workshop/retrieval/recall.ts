import type { Engine } from '../../engine/engine.ts';
import type { TokenId } from '../../protocol/engine.ts';
import { Random } from '../train/random.ts';
import { continuationOf } from './continuation.ts';
import { composeContext, type ContextTokenizer, type TextSource } from './context.ts';
import { definitionOf, isRecalled, makeConstants, type Fact } from './facts.ts';

export interface RecallOptions {
  readonly source: TextSource;
  /** Tokens of a context, at most. */
  readonly length: number;
  /** Constants that are hidden in a context, and asked for. */
  readonly constants: number;
  readonly seed: number;
}

/** A context, and what is asked when it is in place. */
export interface RecallTask {
  readonly context: readonly TokenId[];
  readonly questions: readonly RecallQuestion[];
}

export interface RecallQuestion {
  readonly question: string;
  readonly tokens: readonly TokenId[];
  readonly value: string;
  /** Of the value. */
  readonly valueTokens: number;
}

export interface RecallAnswer {
  readonly question: string;
  readonly value: string;
  readonly answer: string;
  readonly isRight: boolean;
}

/**
 * Code with constants in it, and questions for each of them in random order. The same options and tokenizer make the
 * same task. Throws `TroubleError` 'invalid-input' where there is not enough text.
 */
export async function makeRecallTask(
  { source, length, constants, seed }: RecallOptions,
  tokenizer: ContextTokenizer,
): Promise<RecallTask> {
  const random = new Random(seed);
  const hidden = makeConstants(constants, random).map((constant, index) => ({
    share: (index + random.next()) / constants,
    fact: (ending: string) => definitionOf(constant, ending),
  }));
  const { tokens, facts } = await composeContext({ source, random, hidden, maxTokens: length }, tokenizer);
  return {
    context: tokens,
    questions: await questionsFor(
      [...random.order(facts.length)].map((index) => facts[index] as Fact),
      tokenizer,
    ),
  };
}

/** What is asked for facts behind the context that says them. */
export function questionsFor(facts: readonly Fact[], tokenizer: ContextTokenizer): Promise<readonly RecallQuestion[]> {
  return Promise.all(
    facts.map(async ({ question, value }) => ({
      question,
      tokens: await tokenizer.tokenize(`\n${question}`),
      value,
      valueTokens: (await tokenizer.tokenize(` ${value}`)).length,
    })),
  );
}

interface AskOptions {
  readonly signal?: AbortSignal;
  readonly onAnswer?: () => void;
}

interface Asked {
  readonly answers: readonly RecallAnswer[];
  readonly contextReads: number;
}

/**
 * Puts the context in place, and then asks: each question follows the context as if there had been no other.
 * `contextReads` says how often the context was read, about once where the engine can go back to its end.
 */
export async function askRecall(
  engine: Pick<Engine, 'generate'>,
  task: RecallTask,
  options: AskOptions = {},
): Promise<Asked> {
  await continuationOf(engine, task.context, { maxTokens: 0, signal: options.signal });
  const { answers, contextReads } = await askInPlace(engine, task, options);
  return { answers, contextReads: 1 + contextReads };
}

/** Asks where the context is in place; `contextReads` says how often it was read again. */
export async function askInPlace(
  engine: Pick<Engine, 'generate'>,
  { context, questions }: RecallTask,
  { signal, onAnswer }: AskOptions = {},
): Promise<Asked> {
  const answers: RecallAnswer[] = [];
  let contextReads = 0;
  for (const { question, tokens, value, valueTokens } of questions) {
    const { text, reusedTokens } = await continuationOf(engine, [...context, ...tokens], {
      maxTokens: valueTokens + 1,
      signal,
    });
    contextReads += Math.max(0, context.length - reusedTokens) / context.length;
    answers.push({ question, value, answer: text, isRight: isRecalled(text, value) });
    onAnswer?.();
  }
  return { answers, contextReads };
}
