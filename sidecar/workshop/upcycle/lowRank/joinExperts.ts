import { fromFloat32, toFloat32 } from '../../../../kernels/ggml/dequantise.ts';
import { TroubleError } from '../../../common/troubleError.ts';
import type { AdapterFile, MatrixFactors } from '../../../models/adapters/adapterFile.ts';
import { MAX_RANK } from '../../../models/adapters/factor.ts';
import type { TensorSource } from '../../../models/gguf/content.ts';

const MAX_F16 = 65_504;

/** The matrices that an expert changes, by name. */
export type ExpertFactors = Pick<AdapterFile, 'matrices'>;

/** The type of joined factors. */
type JoinedType = 'F16' | 'F32';

/**
 * Joins the factors of adapters to those of one mixture, matrix by matrix, with a scale of 1. The matrices come in the
 * order of `names`. A mixture has one rank for all experts of a matrix, so smaller factors are filled up with zeros.
 *
 * The result is F16 if all factors are F16 or Q8_0, else F32. Throws `TroubleError` 'invalid-input' if the factors of a
 * matrix would have too many rows. Reading a tensor throws it for values beyond float16.
 */
export function joinExperts(experts: readonly ExpertFactors[], names: Iterable<string>): readonly TensorSource[] {
  const type = joinedType(experts);
  return [...names].flatMap((name) => {
    const factors = experts.map(({ matrices }) => matrices.get(name));
    const rank = Math.max(0, ...factors.map((factor) => factor?.rank ?? 0));
    return rank === 0 ? [] : joined(name, factors, { rank, type });
  });
}

function joinedType(experts: readonly ExpertFactors[]): JoinedType {
  const types = experts.flatMap(({ matrices }) =>
    [...matrices.values()].flatMap(({ down, up }) => [down.type, up.type]),
  );
  return types.every((type) => type === 'F16' || type === 'Q8_0') ? 'F16' : 'F32';
}

function joined(
  name: string,
  factors: readonly (MatrixFactors | undefined)[],
  { rank, type }: { readonly rank: number; readonly type: JoinedType },
): readonly TensorSource[] {
  const ranks = rank * factors.length;
  if (ranks > MAX_RANK)
    throw new TroubleError(
      'invalid-input',
      `The matrix ${name} would have ${factors.length} experts of rank ${rank}, ${ranks} rows together, expected at most ${MAX_RANK}. Use fewer experts, or smaller ranks.`,
    );
  const { down, up } = factors.find((factor) => factor !== undefined) as MatrixFactors;
  const [input, output] = [down.shape[0], up.shape[1]];
  return [
    source(`${name}.lora_a`, type, [input, ranks], () => joinedDown(factors, { input, rank })),
    source(`${name}.lora_b`, type, [ranks, output], () => joinedUp(factors, { output, rank })),
  ];
}

/** The rows of all experts below each other. */
function joinedDown(
  factors: readonly (MatrixFactors | undefined)[],
  { input, rank }: { readonly input: number; readonly rank: number },
): Float32Array {
  const values = new Float32Array(input * rank * factors.length);
  for (const [expert, factor] of factors.entries())
    if (factor) values.set(toFloat32(factor.down.type, factor.down.bytes), expert * rank * input);
  return values;
}

/** The columns of all experts side by side, times their scales. */
function joinedUp(
  factors: readonly (MatrixFactors | undefined)[],
  { output, rank }: { readonly output: number; readonly rank: number },
): Float32Array {
  const columns = rank * factors.length;
  const values = new Float32Array(columns * output);
  for (const [expert, factor] of factors.entries()) {
    if (!factor) continue;
    const own = toFloat32(factor.up.type, factor.up.bytes);
    for (let row = 0; row < output; row++)
      for (let column = 0; column < factor.rank; column++)
        values[row * columns + expert * rank + column] = factor.scale * own[row * factor.rank + column]!;
  }
  return values;
}

function source(
  name: string,
  type: JoinedType,
  shape: readonly [number, number],
  read: () => Float32Array,
): TensorSource {
  return {
    name,
    type,
    shape,
    chunks: function* () {
      const values = read();
      const limit = type === 'F16' ? MAX_F16 : Number.MAX_VALUE;
      const excess = values.find((value) => !(Math.abs(value) <= limit));
      if (excess !== undefined)
        throw new TroubleError(
          'invalid-input',
          `The tensor ${name} would have the value ${excess} with its scale, expected at most ${limit} in ${type}. Use adapters with a smaller alpha.`,
        );
      yield fromFloat32(type, values, shape[0]);
    },
  };
}
