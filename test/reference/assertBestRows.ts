import assert from 'node:assert/strict';

/**
 * Fails unless the kept rows are the `chosen` best by `scores` and all later rows. Rows whose scores tie with the last
 * kept row may differ. `tie` is the share of that score by which rounding may change another.
 */
export function assertBestRows(
  kept: readonly number[],
  scores: readonly number[],
  { chosen, rows, tie }: { readonly chosen: number; readonly rows: number; readonly tie: number },
): void {
  const threshold = [...scores].sort((a, b) => b - a)[chosen - 1] as number;
  const isTie = (row: number): boolean => Math.abs((scores[row] as number) - threshold) <= tie * Math.abs(threshold);
  const mine = new Set(kept);
  assert.equal(mine.size, chosen + rows - scores.length);
  for (let row = scores.length; row < rows; row++) assert.ok(mine.has(row), `row ${row} of the window went`);
  for (const [row, score] of scores.entries())
    assert.ok(
      mine.has(row) === score >= threshold || isTie(row),
      `row ${row} with ${score} was ${mine.has(row) ? 'kept' : 'dropped'}; the last kept has ${threshold}`,
    );
}
