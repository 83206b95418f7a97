import type { TokenId } from '../../../protocol/engine.ts';
import { mostQueryHeads, type Hyperparameters } from '../../architectures/architecture.ts';
import { firstObserved } from './layerSelection.ts';
import { promptChunks, type Chunk, type ObservedTokens, type StepTokens } from './promptChunks.ts';
import { grouped, plansOf, type PrefillTarget, type Prompt } from './prompts.ts';

/** Of what is read: one prompt's, or what several begin with. */
export interface Stretch {
  readonly chunks: readonly Chunk[];
  /** Targets that the same chooses for. */
  readonly groups: readonly (readonly PrefillTarget[])[];
  /** The prompt's length, at the end of which rows are chosen; the longest prompt's for what they share. */
  readonly contextTokens: number;
  /** Whether several prompts begin with it, so that nothing is chosen at its end. */
  readonly isShared: boolean;
}

interface Cut {
  /** Tokens that all prompts share. */
  readonly shared: number;
  /** What is read after each prompt. */
  readonly replays: readonly (readonly (readonly TokenId[])[])[];
  readonly chunkTokens: number;
  readonly stepTokens: StepTokens | undefined;
  readonly hyperparameters: Hyperparameters;
}

/** Cuts what several prompts share, where they do, and then the rest of each. */
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
