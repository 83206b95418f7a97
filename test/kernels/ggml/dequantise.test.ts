import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromFloat32, toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { ShapeError } from '../../../kernels/ggml/errors.ts';
import { rowBytes, type TensorType } from '../../../kernels/ggml/types.ts';

/** 0.5 as float16. */
const HALF = [0x00, 0x38];

describe('conversion to and from float32', () => {
  it('reads Q8_0 as a scale times 32 signed bytes', () => {
    const bytes = Uint8Array.from([...HALF, ...Array.from({ length: 32 }, (_, index) => (index - 16) & 0xff)]);
    assert.deepEqual(
      [...toFloat32('Q8_0', bytes)],
      Array.from({ length: 32 }, (_, index) => (index - 16) / 2),
    );
  });

  it('reads Q4_0 as a scale times 16 low, then 16 high halves of bytes, minus eight', () => {
    const bytes = Uint8Array.from([...HALF, ...Array.from({ length: 16 }, (_, index) => index | ((15 - index) << 4))]);
    const expected = [
      ...Array.from({ length: 16 }, (_, index) => (index - 8) / 2),
      ...Array.from({ length: 16 }, (_, index) => (7 - index) / 2),
    ];
    assert.deepEqual([...toFloat32('Q4_0', bytes)], expected);
  });

  const reach: readonly (readonly [type: TensorType, error: number])[] = [
    ['F32', 0],
    ['F16', 1e-3],
    ['BF16', 8e-3],
    ['Q8_0', 8e-3],
    ['Q4_1', 0.08],
    ['Q4_K', 0.12],
    ['Q6_K', 0.04],
  ];
  for (const [type, error] of reach) {
    it(`keeps values through ${type} within its precision`, () => {
      const values = Float32Array.from({ length: 512 }, (_, index) => Math.sin(index * 1.7));
      const bytes = fromFloat32(type, values, 256);
      assert.equal(bytes.byteLength, 2 * rowBytes(type, 256));
      toFloat32(type, bytes).forEach((value, index) =>
        assert.ok(Math.abs(value - (values[index] as number)) <= error, `${index}: ${value}`),
      );
    });
  }

  it('refuses incomplete blocks, and types without a float reader', () => {
    assert.throws(() => toFloat32('Q8_0', new Uint8Array(33)), ShapeError);
    assert.throws(() => fromFloat32('Q8_0', new Float32Array(48), 48), ShapeError);
    assert.throws(() => toFloat32('I64', new Uint8Array(8)), ShapeError);
  });
});
