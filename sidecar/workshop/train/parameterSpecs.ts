import type { ParameterSpec } from '../../../kernels/training/optimiser/parameters.ts';
import type { WeightSpec } from '../../models/architectures/architecture.ts';

export interface ParameterSpecOptions {
  readonly tiedOutput: boolean;
  /** Norms have a single gain for all values (arXiv 2506.19697) instead of a gain for each value. */
  readonly singleScaleNorm?: boolean;
}

/**
 * How a weight is trained. Matrices decay; norms and biases do not. An embedding is a matrix of products only if it is
 * also the output.
 */
export function parameterSpec(
  { name, extents, use }: WeightSpec,
  { tiedOutput, singleScaleNorm }: ParameterSpecOptions,
): ParameterSpec {
  return {
    name,
    extents: singleScaleNorm && name.endsWith('norm.weight') ? [1] : extents,
    decays: use !== 'vector',
    isMatrix: use === 'matrix' || use === 'experts' || (use === 'embedding' && tiedOutput),
    isHidden: use === 'experts' || (use === 'matrix' && name.startsWith('blk.') && !name.includes('gate_inp')),
  };
}
