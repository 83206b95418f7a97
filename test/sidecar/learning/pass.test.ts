import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seedOf, weighRecent, type Pass } from '../../../sidecar/learning/pass.ts';
import { digestOf } from '../../../sidecar/learning/splitSources.ts';

const training = [
  { path: 'old.ts', text: 'a\nb\n' },
  { path: 'new.ts', text: 'c\nd' },
];
const pass = (given: Partial<Pass> = {}): Pass => ({
  ...{ training, windows: [], base: { model: 'm' }, earlier: undefined, paths: [], digests: [], key: '' },
  isContinued: false,
  ...given,
});
const committed = async () => new Map([['old.ts', [{ start: 0, end: 1 }]]]);
const record = (given: object): Pass['earlier'] => given as Pass['earlier'];

describe('recent code of a pass', () => {
  it('is the lines that were committed last', async () => {
    assert.deepEqual(
      (await weighRecent(pass(), committed)).map(({ recent }) => recent),
      [[{ start: 0, end: 1 }], undefined],
    );
  });

  it('is also all of a text that no earlier pass has read', async () => {
    const earlier = record({ digests: [digestOf('a\nb\n')] });
    assert.deepEqual(
      (await weighRecent(pass({ earlier }), committed)).map(({ recent }) => recent),
      [[{ start: 0, end: 1 }], [{ start: 0, end: 2 }]],
    );
  });

  it('stays the same when a pass is continued', async () => {
    const kept = training.map((file) => ({ ...file, recent: [{ start: 1, end: 2 }] }));
    assert.equal(await weighRecent(pass({ training: kept, isContinued: true }), committed), kept);
  });
});

describe('seed of a pass', () => {
  it('differs after each pass, also after one that was rejected', () => {
    const seeds = [
      seedOf(undefined),
      seedOf({ trainedTokens: 1_024 }),
      seedOf({ trainedTokens: 1_024, rejected: { endedMs: 5, reason: '', digests: [] } }),
    ];
    assert.equal(new Set(seeds).size, 3);
  });
});
