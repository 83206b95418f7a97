import type { Hyperparameters } from '../../architectures/architecture.ts';
import { BATCH_TOKENS } from '../network/batchTokens.ts';
import type { Placement } from '../network/placement.ts';
import { TILE_TOKENS } from './promptChunks.ts';

/** What two cores multiply in about a tenth of a second. */
const STEP_MULTIPLICATIONS = 2 ** 33;

/**
 * Tokens of a step through one layer, which nothing interrupts: fewer where a processor computes large layers, so that a more urgent request waits no
 * longer than elsewhere. It follows from the model and its place alone, since a prompt that is cut otherwise is rounded otherwise.
 */
export function stepTokens(hyperparameters: Hyperparameters, { device, cpu }: Pick<Placement, 'device' | 'cpu'>): number {
  if (device.kind !== 'cpu' && !cpu) return BATCH_TOKENS;
  const tokens = STEP_MULTIPLICATIONS / layerMultiplications(hyperparameters);
  return Math.min(BATCH_TOKENS, Math.max(TILE_TOKENS, Math.floor(tokens / TILE_TOKENS) * TILE_TOKENS));
}

/** With the weights of a layer, for a token. */
function layerMultiplications({ width, heads, kvHeads, headSize, feedForwardWidth, mixture, attentionMixture }: Hyperparameters): number {
  const attentionExperts = attentionMixture?.expertsUsed ?? attentionMixture?.experts ?? 1;
  const attention = width * headSize * 2 * (heads + kvHeads) * attentionExperts;
  const feedForward = width * 3 * (mixture ? mixture.expertsUsed * mixture.expertWidth : feedForwardWidth);
  return attention + feedForward;
}
