import { TroubleError } from '../../common/troubleError.ts';

/** A ggml tensor type: a block stores `blockElements` values in `blockBytes` bytes. */
export interface TensorType {
  readonly name: string;
  readonly blockElements: number;
  readonly blockBytes: number;
}

/** The types by ggml's number, without numbers that ggml withdrew. */
export const TENSOR_TYPES: ReadonlyMap<number, TensorType> = new Map(
  (
    [
      [0, 'F32', 1, 4],
      [1, 'F16', 1, 2],
      [2, 'Q4_0', 32, 18],
      [3, 'Q4_1', 32, 20],
      [6, 'Q5_0', 32, 22],
      [7, 'Q5_1', 32, 24],
      [8, 'Q8_0', 32, 34],
      [9, 'Q8_1', 32, 36],
      [10, 'Q2_K', 256, 84],
      [11, 'Q3_K', 256, 110],
      [12, 'Q4_K', 256, 144],
      [13, 'Q5_K', 256, 176],
      [14, 'Q6_K', 256, 210],
      [15, 'Q8_K', 256, 292],
      [16, 'IQ2_XXS', 256, 66],
      [17, 'IQ2_XS', 256, 74],
      [18, 'IQ3_XXS', 256, 98],
      [19, 'IQ1_S', 256, 50],
      [20, 'IQ4_NL', 32, 18],
      [21, 'IQ3_S', 256, 110],
      [22, 'IQ2_S', 256, 82],
      [23, 'IQ4_XS', 256, 136],
      [24, 'I8', 1, 1],
      [25, 'I16', 1, 2],
      [26, 'I32', 1, 4],
      [27, 'I64', 1, 8],
      [28, 'F64', 1, 8],
      [29, 'IQ1_M', 256, 56],
      [30, 'BF16', 1, 2],
      [34, 'TQ1_0', 256, 54],
      [35, 'TQ2_0', 256, 66],
      [39, 'MXFP4', 32, 17],
      [40, 'NVFP4', 64, 36],
    ] as const
  ).map(([id, name, blockElements, blockBytes]) => [id, { name, blockElements, blockBytes }]),
);

const typesByName = new Map([...TENSOR_TYPES].map(([id, type]) => [type.name, { ...type, id }]));

/** The size of a tensor in bytes. Throws `TroubleError` if its rows are not whole blocks. */
export function tensorBytes(type: string, shape: readonly number[]): number {
  const { blockElements, blockBytes } = typeByName(type);
  const [columns = 1, ...others] = shape;
  if (columns % blockElements !== 0)
    throw new TroubleError(
      'invalid-input',
      `Rows of ${columns} values are not whole blocks of ${blockElements}, which ${type} needs.`,
    );
  return (columns / blockElements) * blockBytes * others.reduce((product, extent) => product * extent, 1);
}

/** A type with its number. Throws `TroubleError` if the name is unknown. */
export function typeByName(name: string): TensorType & { readonly id: number } {
  const type = typesByName.get(name);
  if (!type) throw new TroubleError('invalid-input', `There is no tensor type ${name}.`);
  return type;
}
