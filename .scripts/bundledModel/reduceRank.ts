import { fromFloat32, toFloat32 } from '../../kernels/ggml/dequantise.ts';
import { truncatedSingular } from '../../kernels/training/linearAlgebra/singularValues.ts';
import { readAdapterFile, type MatrixFactors } from '../../sidecar/models/adapters/adapterFile.ts';
import { copiedMetadata, type GgufEntry, type TensorSource } from '../../sidecar/models/gguf/content.ts';
import { readGgufHeader } from '../../sidecar/models/gguf/header.ts';
import { writeGguf } from '../../sidecar/models/gguf/writer.ts';

/**
 * Writes an adapter with a smaller rank: of each matrix's change the best approximation with that rank, in float16.
 * `minus` is an adapter whose change is subtracted first. Throws `TroubleError`.
 */
export async function reduceRank(
  input: string,
  output: string,
  { rank, name, minus }: { readonly rank: number; readonly name: string; readonly minus?: string },
): Promise<void> {
  const { matrices } = await readAdapterFile(input);
  const subtracted = minus === undefined ? undefined : (await readAdapterFile(minus)).matrices;
  const metadata = new Map<string, GgufEntry>([
    ...(await copiedMetadata(await readGgufHeader(input))),
    ['general.name', { type: 'string', value: name }],
    // The scale is in the values.
    ['adapter.lora.alpha', { type: 'f32', value: rank }],
  ]);
  const tensors = [...matrices].flatMap(([matrix, factors]): TensorSource[] => {
    const other = subtracted?.get(matrix);
    const { down, up } = reducedFactors(other ? difference(factors, other) : factors, rank);
    const [[width = 1], [, height = 1]] = [factors.down.shape, factors.up.shape];
    return [
      { name: `${matrix}.lora_a`, type: 'F16', shape: [width, rank], chunks: () => [fromFloat32('F16', down, width)] },
      { name: `${matrix}.lora_b`, type: 'F16', shape: [rank, height], chunks: () => [fromFloat32('F16', up, rank)] },
    ];
  });
  await writeGguf(output, { metadata, tensors });
}

/**
 * The best approximation of `scale · B A` with a smaller rank. With B = Q R and Aᵀ = P S, the singular values of B A
 * are those of the small matrix R Sᵀ. Both factors share them.
 */
export function reducedFactors(
  { down, up, rank: given, scale }: MatrixFactors,
  rank: number,
): { readonly down: Float32Array; readonly up: Float32Array } {
  const [width, height] = [down.shape[0], up.shape[1]];
  const rows = toFloat32(down.type, down.bytes);
  const columns = transposed(toFloat32(up.type, up.bytes), given);
  const ofRows = orthonormal(rows, given);
  const ofColumns = orthonormal(columns, given);
  const core = new Float64Array(given * given);
  for (let row = 0; row < given; row++)
    for (let column = 0; column < given; column++)
      for (let inner = 0; inner < given; inner++)
        core[row * given + column]! +=
          scale * (ofColumns.shares[row * given + inner] as number) * (ofRows.shares[column * given + inner] as number);
  const { values, left, right } = truncatedSingular(
    { values: Float32Array.from(core), rows: given, columns: given },
    rank,
  );
  const newRows = mixed(ofRows.basis, right, { given, rank, length: width });
  const newColumns = mixed(ofColumns.basis, left, { given, rank, length: height });
  const share = Array.from(values, (value) => Math.sqrt(value));
  return {
    down: newRows.map((value, index) => value * (share[Math.floor(index / width)] as number)),
    up: transposed(
      newColumns.map((value, index) => value * (share[Math.floor(index / height)] as number)),
      height,
    ),
  };
}

/** The change of one adapter without that of another: the factors of both side by side, `[in, r + s]`, `[r + s, out]`. */
export function difference(one: MatrixFactors, other: MatrixFactors): MatrixFactors {
  const [width, height, rank] = [one.down.shape[0], one.up.shape[1], one.rank + other.rank];
  const down = new Float32Array(width * rank);
  down.set(toFloat32(one.down.type, one.down.bytes));
  down.set(toFloat32(other.down.type, other.down.bytes), width * one.rank);
  const [plus, minus] = [one, other].map(({ up }) => toFloat32(up.type, up.bytes)) as [Float32Array, Float32Array];
  const up = Float32Array.from({ length: rank * height }, (_, index) => {
    const [row, column] = [Math.floor(index / rank), index % rank];
    return column < one.rank
      ? one.scale * (plus[row * one.rank + column] as number)
      : -other.scale * (minus[row * other.rank + column - one.rank] as number);
  });
  return {
    down: { type: 'F32', shape: [width, rank], bytes: fromFloat32('F32', down, width) },
    up: { type: 'F32', shape: [rank, height], bytes: fromFloat32('F32', up, rank) },
    rank,
    scale: 1,
  };
}

/**
 * Gram–Schmidt, twice for precision: rows `basis` of length 1 at right angles, and `shares[basis row, given row]` so
 * that the given rows are their sums.
 */
function orthonormal(
  rows: Float32Array,
  count: number,
): { readonly basis: Float64Array; readonly shares: Float64Array } {
  const length = rows.length / count;
  const basis = Float64Array.from(rows);
  const shares = new Float64Array(count * count);
  const at = (row: number): Float64Array => basis.subarray(row * length, (row + 1) * length);
  for (let row = 0; row < count; row++) {
    const own = at(row);
    for (const before of [...Array(2 * row).keys()].map((turn) => turn % row)) {
      const other = at(before);
      const share = own.reduce((sum, value, index) => sum + value * (other[index] as number), 0);
      shares[before * count + row]! += share;
      own.forEach((value, index) => (own[index] = value - share * (other[index] as number)));
    }
    const norm = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
    shares[row * count + row] = norm;
    if (norm > 0) own.forEach((value, index) => (own[index] = value / norm));
  }
  return { basis, shares };
}

/** Sums of basis rows: `basis[given, length]`, `weights[rank, given]` → `[rank, length]`. */
function mixed(
  basis: Float64Array,
  weights: ArrayLike<number>,
  { given, rank, length }: { readonly given: number; readonly rank: number; readonly length: number },
): Float32Array {
  return Float32Array.from({ length: rank * length }, (_, index) => {
    const [row, column] = [Math.floor(index / length), index % length];
    let sum = 0;
    for (let inner = 0; inner < given; inner++)
      sum += (weights[row * given + inner] as number) * (basis[inner * length + column] as number);
    return sum;
  });
}

/** Turns rows of `width` values into columns. */
function transposed(values: Float32Array, width: number): Float32Array {
  const height = values.length / width;
  return Float32Array.from(values, (_, index) => {
    const [column, row] = [Math.floor(index / height), index % height];
    return values[row * width + column] as number;
  });
}
