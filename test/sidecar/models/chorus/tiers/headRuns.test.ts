import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { neediestHeads } from '../../../../../sidecar/models/chorus/tiers/headRuns.ts';

const needs = [
  [0.1, 0.4, 0.5, 0.2],
  [0, 0, 0, 0],
  [0.9, 0.1, 0.4, 0.4],
];

describe('neediestHeads', () => {
  for (const { percent, expected } of [
    { percent: 1, expected: [[], [], [{ first: 0, count: 1 }]] },
    { percent: 25, expected: [[{ first: 1, count: 2 }], [], [{ first: 0, count: 1 }]] },
    // Of equal heads the first ones.
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
    it(`returns runs of the heads that need it most: ${percent} %`, () => {
      assert.deepEqual(neediestHeads(needs, percent), expected);
    });
  }

  it('joins runs if there are too many, the nearest first, down to one per layer', () => {
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

  it('allows a different number of heads in each layer', () => {
    assert.deepEqual(neediestHeads([[1], [2, 3, 0, 5]], 60), [
      [],
      [
        { first: 0, count: 2 },
        { first: 3, count: 1 },
      ],
    ]);
  });
});
