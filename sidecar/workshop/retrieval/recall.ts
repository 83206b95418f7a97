import type { Engine } from '../../engine/engine.ts';
import type { TokenId } from '../../protocol/engine.ts';
import { Random } from '../train/random.ts';
import { continuationOf } from './continuation.ts';
import { composeContext, type ContextTokenizer, type TextSource } from './context.ts';
import { definitionOf, isRecalled, makeConstants, type Fact } from './facts.ts';

export interface RecallOptions {
  readonly source: TextSource;
  /** The maximum number of tokens in a context. */
  readonly length: number;
  /** The number of constants that are hidden in a context and asked for. */
  readonly constants: number;
  readonly seed: number;
}

/** A context, and the questions about it. */
export interface RecallTask {
  readonly context: readonly TokenId[];
  readonly questions: readonly RecallQuestion[];
}

export interface RecallQuestion {
  readonly question: string;
  readonly tokens: readonly TokenId[];
  readonly value: string;
  /** The number of tokens of the value. */
  readonly valueTokens: number;
}

export interface RecallAnswer {
  readonly question: string;
  readonly value: string;
  readonly answer: string;
  readonly isRight: boolean;
}

/**
 * Makes a task: code with constants in it, and a question for each constant in random order. The same options and
 * tokenizer give the same task. Throws `TroubleError` 'invalid-input' if there is not enough text.
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

/** The questions for facts, to be asked behind the context that contains the facts. */
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
 * Evaluates the context, then asks each question directly behind it. `contextReads` is how often the context was
 * evaluated, about once if the engine can go back to its end.
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

/** Asks behind a context that was already evaluated. `contextReads` is how often it was evaluated again. */
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
