import { mostQueryHeads, type Hyperparameters } from '../../architectures/architecture.ts';
import type { Placement } from '../network/placement.ts';
import { TILE_TOKENS, type StepTokens } from './promptChunks.ts';

/** What two cores multiply in about a tenth of a second. */
const STEP_MULTIPLICATIONS = 2 ** 33;

/**
 * Tokens of a step through one layer, which nothing interrupts: fewer where a processor computes large layers, or
 * attends many rows, so that a more urgent request does not wait long. They follow from the model, its place and the
 * rows alone, since a prompt that is cut otherwise is rounded otherwise.
 */
export function stepTokens(
  hyperparameters: Hyperparameters,
  { device, cpu }: Pick<Placement, 'device' | 'cpu'>,
): StepTokens {
  if (device.kind !== 'cpu' && !cpu) return () => Infinity;
  const ofWeights = weightMultiplications(hyperparameters);
  // With keys and values.
  const ofRow = 2 * mostQueryHeads(hyperparameters) * hyperparameters.headSize;
  return (rows) =>
    Math.max(TILE_TOKENS, Math.floor(STEP_MULTIPLICATIONS / (ofWeights + rows * ofRow) / TILE_TOKENS) * TILE_TOKENS);
}

/** With the weights of a layer, for a token. */
function weightMultiplications({
  width,
  heads,
  kvHeads,
  headSize,
  feedForwardWidth,
  mixture,
  attentionMixture,
}: Hyperparameters): number {
  const attentionExperts = attentionMixture?.expertsUsed ?? attentionMixture?.experts ?? 1;
  const attention = width * headSize * 2 * (heads + kvHeads) * attentionExperts;
  const feedForward = width * 3 * (mixture ? mixture.expertsUsed * mixture.expertWidth : feedForwardWidth);
  return attention + feedForward;
}
