import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { termCounts } from '../../../sidecar/workspaceIndex/terms.ts';
import { collectGarbage } from '../../collectGarbage.ts';

function heapAfterCollection(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('termCounts', () => {
  it('remembers terms without keeping the texts', () => {
    const padding = '+ '.repeat(10_000);
    const count = (number: number): void =>
      void termCounts(Buffer.from(`identifierOfText${number} ${padding}`).toString());
    count(0);
    const before = heapAfterCollection();
    for (let number = 1; number <= 2_000; number++) count(number);
    const grown = heapAfterCollection() - before;
    assert.ok(grown < 5e6, `2,000 texts of 20 kB left ${grown} bytes`);
  });
});
