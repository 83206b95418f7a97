import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadTable } from './loadTable.ts';

describe('loadTable', () => {
  it('has the minimum, mean and maximum share of each expert over layers, by domain', () => {
    const layers = (first: number, second: number) => [
      { block: 0, feedForward: [first, 1 - first] },
      { block: 6, feedForward: [second, 1 - second] },
    ];
    assert.deepEqual(
      loadTable(
        new Map([
          [
            'mixture',
            new Map([
              ['go', layers(0.25, 0.75)],
              ['prose', layers(0.5, 0.5)],
            ] as const),
          ],
        ]),
      ).split('\n'),
      [
        '| | expert | go | prose |',
        '|---|---|---:|---:|',
        '| mixture | network 1 | 25.0 % – 50.0 % – 75.0 % | 50.0 % – 50.0 % – 50.0 % |',
        '| mixture | network 2 | 25.0 % – 50.0 % – 75.0 % | 50.0 % – 50.0 % – 50.0 % |',
      ],
    );
  });
});
