import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromFloat32 } from '../../../../kernels/ggml/dequantise.ts';
import { rowBytes, type TensorType } from '../../../../kernels/ggml/types.ts';
import type { Rows } from '../../../../sidecar/models/gguf/rows.ts';
import { areSame, chosenRows, moreExact } from '../../../../sidecar/workshop/trim/tokenRows.ts';

const COLUMNS = 64;
const COUNT = 40;

/** A random matrix `[COUNT][COLUMNS]`, rounded to a type. */
function rows(type: TensorType, seed: number): Rows {
  let state = seed;
  const values = Float32Array.from(
    { length: COLUMNS * COUNT },
    () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32 - 0.5,
  );
  const bytes = fromFloat32(type, values, COLUMNS);
  const perRow = rowBytes(type, COLUMNS);
  return {
    type,
    columns: COLUMNS,
    count: COUNT,
    read: async (first, count) => bytes.slice(first * perRow, (first + count) * perRow),
  };
}

describe('rows of tokens', () => {
  for (const type of ['Q8_0', 'Q5_0', 'Q4_0'] as const) {
    it(`count as equal in F32 and rounded to ${type}`, async () =>
      assert.equal(await areSame(rows('F32', 1), rows(type, 1)), true));
  }
  it('count as different if values differ', async () =>
    assert.equal(await areSame(rows('F32', 1), rows('F32', 2)), false));
  it('are taken from the more precise matrix', () => {
    const [less, more] = [rows('Q5_0', 1), rows('Q8_0', 1)];
    assert.equal(moreExact(less, more), more);
    assert.equal(moreExact(more, less), more);
  });
  it('are chosen with unchanged bytes, in any pieces', async () => {
    const all = rows('Q5_0', 1);
    const ids = [0, 1, 2, 7, 9, 10, 39];
    const chosen = chosenRows(all, ids);
    const expected = Buffer.concat(await Promise.all(ids.map((id) => all.read(id, 1))));
    assert.deepEqual(Buffer.concat([await chosen.read(0, 3), await chosen.read(3, 4)]), expected);
  });
});
