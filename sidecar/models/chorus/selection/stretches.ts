import type { TokenId } from '../../../protocol/engine.ts';
import { mostQueryHeads, type Hyperparameters } from '../../architectures/architecture.ts';
import { firstObserved } from './layerSelection.ts';
import { promptChunks, type Chunk, type ObservedTokens, type StepTokens } from './promptChunks.ts';
import { grouped, plansOf, type PrefillTarget, type Prompt } from './prompts.ts';

/** A part of the tokens to read: the rest of one prompt, or the common prefix of several. */
export interface Stretch {
  readonly chunks: readonly Chunk[];
  /** Targets that share a selection. */
  readonly groups: readonly (readonly PrefillTarget[])[];
  /** The length of the prompt, after which rows are chosen; for a common prefix, that of the longest prompt. */
  readonly contextTokens: number;
  /** Whether it is a common prefix, after which no rows are chosen. */
  readonly isShared: boolean;
}

interface Cut {
  /** The tokens of the common prefix. */
  readonly shared: number;
  /** The texts that are read after each prompt. */
  readonly replays: readonly (readonly (readonly TokenId[])[])[];
  readonly chunkTokens: number;
  readonly stepTokens: StepTokens | undefined;
  readonly hyperparameters: Hyperparameters;
}

/** Returns the common prefix of several prompts, if there is one, and then the rest of each prompt. */
export function stretchesOf(
  prompts: readonly Prompt[],
  { shared, replays, chunkTokens, stepTokens, hyperparameters }: Cut,
): readonly Stretch[] {
  const heads = mostQueryHeads(hyperparameters);
  const observedBy = (prompt: Prompt): ObservedTokens[] =>
    plansOf(prompt).flatMap(({ selector: { observation }, window }) => {
      const tokenBytes = observation?.tokenBytes;
      if (!observation || !tokenBytes) return [];
      return {
        of: observation.of,
        from: firstObserved(observation, prompt.tokens.length, window),
        tokenBytes: (rows: number) => tokenBytes({ rows, heads, headSize: hyperparameters.headSize }),
      };
    });
  let first = shared;
  const own = prompts.map((prompt, index): Stretch => {
    const contextTokens = prompt.tokens.length;
    const chunks = promptChunks(contextTokens, {
      from: shared,
      first,
      replays: replays[index],
      chunkTokens,
      stepTokens,
      observed: observedBy(prompt),
    });
    first += chunks.reduce((sum, { count }) => sum + count, 0);
    return { chunks, groups: grouped(prompt.targets), contextTokens, isShared: false };
  });
  if (shared === 0) return own;
  const chunks = promptChunks(shared, { chunkTokens, stepTokens, observed: prompts.flatMap(observedBy) });
  return [
    {
      chunks,
      groups: grouped(prompts.flatMap(({ targets }) => targets)),
      contextTokens: Math.max(...prompts.map(({ tokens }) => tokens.length)),
      isShared: true,
    },
    ...own,
  ];
}
