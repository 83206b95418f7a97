import type { ParameterSpec } from '../../kernels/optimiser/parameters.ts';
import type { WeightSpec } from '../models/architectures/architecture.ts';

/** How a weight is trained: matrices decay, norms and biases do not; an embedding is a matrix of products only where it is the output too. */
export function parameterSpec({ name, extents, use }: WeightSpec, { tiedOutput }: { tiedOutput: boolean }): ParameterSpec {
  return { name, extents, decays: use !== 'vector', isMatrix: use === 'matrix' || use === 'experts' || (use === 'embedding' && tiedOutput) };
}
