import { isQuantised, type TensorType } from '../../../kernels/ggml/types.ts';
import { tensorBytes } from '../../models/gguf/tensorTypes.ts';
import type { QuantizeResult } from '../protocol.ts';
import type { PlannedTensor } from './plan.ts';

/** Summarises the result of a plan. */
export function summary(
  plan: readonly PlannedTensor[],
  file: Pick<QuantizeResult, 'outputPath' | 'bytesBefore' | 'bytesAfter'>,
): QuantizeResult {
  return {
    ...file,
    types: typesOf(plan),
    fallbacks: plan.flatMap(({ source, type, wanted }) =>
      wanted === undefined ? [] : [{ tensor: source.name, columns: source.shape[0] as number, wanted, type }],
    ),
    requantised: plan.filter(({ source, type }) => type !== source.type && isQuantised(source.type as TensorType))
      .length,
  };
}

function typesOf(plan: readonly PlannedTensor[]): QuantizeResult['types'] {
  return [...new Set(plan.map(({ type }) => type))]
    .map((type) => {
      const shapes = plan.filter((planned) => planned.type === type).map(({ source }) => source.shape);
      return {
        type,
        tensors: shapes.length,
        parameters: shapes.reduce((sum, shape) => sum + shape.reduce((product, extent) => product * extent, 1), 0),
        bytes: shapes.reduce((sum, shape) => sum + tensorBytes(type, shape), 0),
      };
    })
    .sort((a, b) => b.bytes - a.bytes);
}
