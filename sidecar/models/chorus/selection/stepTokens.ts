import { mostQueryHeads, type Hyperparameters } from '../../architectures/architecture.ts';
import type { Placement } from '../network/placement.ts';
import { TILE_TOKENS, type StepTokens } from './promptChunks.ts';

/** The multiplications of two cores in about a tenth of a second. */
const STEP_MULTIPLICATIONS = 2 ** 33;

/**
 * Returns the most tokens of a step through one layer. A more urgent request waits until a step ends. So on a processor
 * there are fewer tokens if layers are large or many rows are attended.
 *
 * The number depends only on the model, its placement and the rows, since other cuts of a prompt round otherwise.
 */
export function stepTokens(
  hyperparameters: Hyperparameters,
  { device, cpu }: Pick<Placement, 'device' | 'cpu'>,
): StepTokens {
  if (device.kind !== 'cpu' && !cpu) return () => Infinity;
  const ofWeights = weightMultiplications(hyperparameters);
  // For keys and values.
  const ofRow = 2 * mostQueryHeads(hyperparameters) * hyperparameters.headSize;
  return (rows) =>
    Math.max(TILE_TOKENS, Math.floor(STEP_MULTIPLICATIONS / (ofWeights + rows * ofRow) / TILE_TOKENS) * TILE_TOKENS);
}

/** Returns the multiplications of a token with the weights of a layer. */
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
  const feedForward =
    width * 3 * (mixture ? mixture.expertsUsed * mixture.expertWidth + (mixture.sharedWidth ?? 0) : feedForwardWidth);
  return attention + feedForward;
}
