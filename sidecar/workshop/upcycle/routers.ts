import { normalDeviates } from '../../models/decoding/random.ts';
import type { RouterWeights } from './compose.ts';

/** Small compared with the values of a normalised vector, so that gates are similar at first. */
const RANDOM_DEVIATION = 0.02;

/** Normally distributed weights. The same seed gives the same routers, whichever blocks have any. */
export function randomRouters(options: { width: number; experts: number; seed: number }): RouterWeights {
  return (block, which) => {
    const deviate = normalDeviates(options.seed + 2 * block + (which === 'attention' ? 0 : 1));
    return Float32Array.from({ length: options.width * options.experts }, () => RANDOM_DEVIATION * deviate());
  };
}

/** The mean input of a router over the tokens of an expert's prompts, `[width]`. */
export interface ExpertStates {
  readonly positive: HiddenStates;
  readonly negative?: HiddenStates;
}
export type HiddenStates = (block: number, which: 'attention' | 'feedForward') => Float64Array;

/**
 * Each expert's row points from the router's input on its negative prompts to that on its positive prompts, with the
 * length `scale`.
 */
export function hiddenRouters(experts: readonly ExpertStates[], scale: number): RouterWeights {
  return (block, which) => {
    const rows = experts.map(({ positive, negative }) => {
      const away = negative?.(block, which);
      const direction = positive(block, which).map((value, index) => value - (away ? (away[index] as number) : 0));
      const length = Math.sqrt(direction.reduce((sum, value) => sum + value ** 2, 0));
      return Array.from(direction, (value) => (length === 0 ? 0 : (scale * value) / length));
    });
    return Float32Array.from(rows.flat());
  };
}
