import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { neediestHeads } from '../../../../../sidecar/models/chorus/tiers/headRuns.ts';

const needs = [
  [0.1, 0.4, 0.5, 0.2],
  [0, 0, 0, 0],
  [0.9, 0.1, 0.4, 0.4],
];

describe('heads that choose for every token', () => {
  for (const { percent, expected } of [
    { percent: 1, expected: [[], [], [{ first: 0, count: 1 }]] },
    { percent: 25, expected: [[{ first: 1, count: 2 }], [], [{ first: 0, count: 1 }]] },
    // Of those that need it as much the first ones.
    {
      percent: 33,
      expected: [
        [{ first: 1, count: 2 }],
        [],
        [
          { first: 0, count: 1 },
          { first: 2, count: 1 },
        ],
      ],
    },
    {
      percent: 50,
      expected: [
        [{ first: 1, count: 3 }],
        [],
        [
          { first: 0, count: 1 },
          { first: 2, count: 2 },
        ],
      ],
    },
    { percent: 100, expected: [[{ first: 0, count: 4 }], [{ first: 0, count: 4 }], [{ first: 0, count: 4 }]] },
  ]) {
    it(`are those that need it most, in runs of neighbours: ${percent} %`, () => {
      assert.deepEqual(neediestHeads(needs, percent), expected);
    });
  }

  it('are joined by those between them where that is too many runs, the nearest first, down to one a layer', () => {
    const scattered = [
      [9, 0, 0, 9, 0, 9, 0, 0],
      [9, 0, 0, 0, 9, 0, 0, 0],
    ];
    const of = (maxRuns: number): ReturnType<typeof neediestHeads> => neediestHeads(scattered, 31, maxRuns);
    assert.deepEqual(of(5), [
      [
        { first: 0, count: 1 },
        { first: 3, count: 1 },
        { first: 5, count: 1 },
      ],
      [
        { first: 0, count: 1 },
        { first: 4, count: 1 },
      ],
    ]);
    assert.deepEqual(of(4), [
      [
        { first: 0, count: 1 },
        { first: 3, count: 3 },
      ],
      [
        { first: 0, count: 1 },
        { first: 4, count: 1 },
      ],
    ]);
    assert.deepEqual(of(3), [
      [{ first: 0, count: 6 }],
      [
        { first: 0, count: 1 },
        { first: 4, count: 1 },
      ],
    ]);
    assert.deepEqual(of(1), [[{ first: 0, count: 6 }], [{ first: 0, count: 5 }]]);
  });

  it('may differ in number from layer to layer', () => {
    assert.deepEqual(neediestHeads([[1], [2, 3, 0, 5]], 60), [
      [],
      [
        { first: 0, count: 2 },
        { first: 3, count: 1 },
      ],
    ]);
  });
});
