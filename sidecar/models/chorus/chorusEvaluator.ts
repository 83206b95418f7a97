import { evaluateInChunks, type Evaluator } from '../evaluator.ts';
import type { SequenceCache } from './cache/sequenceCache.ts';
import type { ChorusSequence } from './chorusSequence.ts';

/** Returns an evaluator over a sequence of the scheduler, and `rows`, its cache. It leaves the sequence empty. */
export function chorusEvaluator(
  sequence: ChorusSequence,
  rows: SequenceCache,
  {
    vocabularySize,
    contextSizeTokens,
    keptRows,
  }: {
    readonly vocabularySize: number;
    readonly contextSizeTokens: number;
    /** The rows that are kept of a prompt. */
    readonly keptRows: number;
  },
): Evaluator {
  return {
    vocabularySize,
    contextSizeTokens,
    reset: (purpose = 'completion') => sequence.begin(purpose),
    // Tokens behind a prompt are an answer.
    evaluate: (tokens, wanted) => sequence.forward(tokens, { wanted, isAnswer: true }),
    readPrompt: async (tokens, signal) => {
      using reading = sequence.readWhole([...rows.tokens, ...tokens]);
      if (!reading)
        return await evaluateInChunks(
          { evaluate: (some, wanted) => sequence.forward(some, { wanted, isAnswer: false }) },
          tokens,
          signal,
        );
      while (!reading.isDone) {
        signal?.throwIfAborted();
        await reading.step();
      }
    },
    wholeTokens: keptRows,
    roomBehind: (promptTokens) => rows.capacity - Math.min(promptTokens, keptRows),
    dispose: () => rows.truncate(0),
  };
}
