import { repackedBufferType } from '../../../../kernels/ggml/repack.ts';
import type { TensorType } from '../../../../kernels/ggml/types.ts';
import type { WeightSpec } from '../../architectures/architecture.ts';
import type { LocatedTensor } from '../../gguf/locate.ts';
import type { Placement } from './placement.ts';
import { isPacked } from './weights.ts';

const EMBEDDING = 'token_embd.weight';
const OUTPUT = 'output.weight';

/** A model's tensors, and the specification of the tensors that are read. */
interface ModelTensors {
  readonly specs: readonly WeightSpec[];
  readonly tensors: ReadonlyMap<string, LocatedTensor>;
}

/**
 * Adds the embedding a second time as the output matrix, if it serves as both and the processor has a faster layout for
 * products. Rows can't be read from that layout. It is the largest matrix of many models, and every token reads all of
 * it.
 */
export function withTiedOutput({ specs, tensors }: ModelTensors, placement: Placement): ModelTensors {
  const embedding = tensors.get(EMBEDDING);
  const embeddingSpec = specs.find(({ name }) => name === EMBEDDING);
  if (!embedding || !embeddingSpec || tensors.has(OUTPUT)) return { specs, tensors };
  const spec: WeightSpec = { ...embeddingSpec, name: OUTPUT, use: 'matrix' };
  const device = placement.weightDevice(spec);
  const hasOwnLayout =
    isPacked(placement, spec, embedding) ||
    repackedBufferType(device, embedding.type as TensorType, embedding.shape, 'matrix') !== undefined;
  if (!hasOwnLayout) return { specs, tensors };
  return {
    specs: [...specs.filter(({ name }) => name !== OUTPUT), spec],
    tensors: new Map([...tensors, [OUTPUT, { ...embedding, name: OUTPUT }]]),
  };
}
