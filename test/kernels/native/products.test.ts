/**
 * Products of our own kernels against plain loops, over random shapes and values. Each memory ends at a guard page, so
 * a read outside ends the process. `CHORUS_FUZZ_CASES` sets the number of cases.
 */
import assert from 'node:assert/strict';
import process from 'node:process';
import { describe, it } from 'node:test';
import { fromFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { tensorTypes, type TensorType } from '../../../kernels/ggml/types.ts';
import { uniform } from '../../reference/gradientCheck.ts';
import { plainProduct } from '../../reference/plainProduct.ts';
import { built, DirectCalls, openVariant, VARIANTS, type ProductCase } from './directCalls.ts';
import { GuardedMemory } from './guardedMemory.ts';

const TYPES = ['Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q8_0', 'IQ4_NL', 'Q4_K', 'Q5_K', 'Q6_K', 'IQ4_XS'] as const;
const CASES = Number(process.env['CHORUS_FUZZ_CASES'] ?? 1_200);
/** Of the sum of all summands' sizes. Sums of float32 over 32 blocks stay far below. */
const TOLERANCE = 4e-6;

const isRunnable = process.platform === 'linux' && built !== undefined;

function randomCase(random: () => number, type: TensorType): ProductCase {
  const below = (limit: number): number => Math.floor(((random() + 1) / 2) * limit);
  const { blockElements, id } = tensorTypes[type];
  const columns = blockElements * (1 + below(blockElements === 32 ? 12 : 3));
  const [rows, tokens, rank] = [1 + below(40), 1 + below(18), 1 + below(5)];
  const size = 10 ** below(5) / 100;
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, () => random() * size);
  const hasBias = below(2) === 1;
  const hasFactors = below(3) === 1;
  return {
    type: id,
    columns,
    rows,
    tokens,
    weights: fromFloat32(type, numbers(rows * columns), columns),
    input: below(20) === 0 ? new Float32Array(tokens * columns) : numbers(tokens * columns),
    ...(hasBias ? { bias: numbers(rows) } : {}),
    ...(hasFactors
      ? { factors: { rank, factor: random(), up: numbers(rank * rows), inner: numbers(rank * tokens) } }
      : {}),
    threads: 1 + below(3),
  };
}

function assertEqual(type: TensorType, tried: ProductCase, found: Float32Array): void {
  const { values, sizes } = plainProduct(type, tried);
  const { columns, rows, tokens, bias, factors } = tried;
  found.forEach((value, index) => {
    const [expected, size] = [values[index] as number, sizes[index] as number];
    if (!(Math.abs(value - expected) <= TOLERANCE * size))
      assert.fail(
        `${type} [${columns}, ${rows}] times ${tokens} tokens, bias ${bias !== undefined}, factors ${factors?.rank}: value ${index} is ${value}, expected ${expected} (of ${size})`,
      );
  });
}

describe('products of our own kernels', { skip: !isRunnable && 'there are no kernels for this platform' }, () => {
  for (const variant of VARIANTS) {
    const kernels = isRunnable ? openVariant(variant) : { missing: 'There is no library.' };
    for (const type of TYPES)
      it(`equal plain loops: ${type}, ${variant}`, { skip: 'missing' in kernels && kernels.missing }, () => {
        openVariant(variant);
        using memory = new GuardedMemory();
        const calls = new DirectCalls(memory);
        const random = uniform(TYPES.indexOf(type) + 1);
        for (let count = CASES / TYPES.length / VARIANTS.length; count > 0; count--) {
          const tried = randomCase(random, type);
          assertEqual(type, tried, calls.run(tried));
        }
      });
  }
});
