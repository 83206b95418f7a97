import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TroubleError } from '../../../../../sidecar/common/troubleError.ts';
import { parseCacheChoice, selectorNames } from '../../../../../sidecar/models/chorus/cache/cacheChoice.ts';

describe('parseCacheChoice', () => {
  const good: readonly (readonly [string, { capacity: number; window: number }])[] = [
    ['full', { capacity: Infinity, window: 0 }],
    ['snapkv:2048', { capacity: 2_048, window: 32 }],
    ['snapkv:512,window=64,kernel=7,pool=avg', { capacity: 512, window: 64 }],
    ['streaming:256,sinks=8,window=16', { capacity: 256, window: 16 }],
    ['h2o:100,values=critical', { capacity: 100, window: 32 }],
    ['kvzip:64', { capacity: 64, window: 32 }],
    ['expected-attention:64,future=128', { capacity: 64, window: 32 }],
    ['expected-attention:64,sinks=32', { capacity: 64, window: 32 }],
    ['streaming:64,window=0', { capacity: 64, window: 0 }],
    ['keydiff:33', { capacity: 33, window: 32 }],
    ['random:64,seed=7', { capacity: 64, window: 32 }],
  ];
  for (const [text, expected] of good) {
    it(`parses ${text}`, () => {
      const { name, capacity, window, tier } = parseCacheChoice(text);
      assert.equal(name, text.split(':')[0]);
      assert.deepEqual({ capacity, window }, expected);
      assert.equal(tier, undefined);
    });
  }

  it('parses tiers, which keep all rows', () => {
    const { capacity, tier } = parseCacheChoice(
      'tiered:512,page=8,window=128,refresh=4,queries=3,anew=2,heads=20,others=48',
    );
    assert.equal(capacity, Infinity);
    assert.deepEqual(tier, {
      capacity: 512,
      pageRows: 8,
      meanRows: 1,
      window: 128,
      refreshTokens: 4,
      queries: 3,
      refreshQueries: 2,
      refreshedHeads: { percent: 20, othersTokens: 48 },
      blockTokens: 64,
      togetherTokens: 16,
      cacheType: 'F16',
    });
    assert.equal(parseCacheChoice('tiered').tier?.capacity, 1_024);
    assert.equal(parseCacheChoice('tiered:128').tier?.pageRows, 16);
    assert.equal(parseCacheChoice('tiered:120').tier?.pageRows, 8);
    assert.deepEqual(parseCacheChoice('tiered:512').tier?.refreshedHeads, { percent: 12, othersTokens: 16 });
    assert.equal(parseCacheChoice('tiered:512,refresh=4').tier?.refreshedHeads, undefined);
    assert.equal(parseCacheChoice('tiered:512,heads=100').tier?.refreshedHeads, undefined);
    assert.equal(parseCacheChoice('tiered:512,mean=8').tier?.meanRows, 8);
    assert.equal(parseCacheChoice('tiered:512,block=24').tier?.togetherTokens, 24);
  });

  it('allows an adaptive budget only if KV heads may keep different numbers of rows', () => {
    assert.equal(parseCacheChoice('snapkv:64,budget=adaptive', { mayDifferByHead: true }).budget, 'adaptive');
    assert.equal(parseCacheChoice('snapkv:64', { mayDifferByHead: true }).budget, 'equal');
    assert.throws(
      () => parseCacheChoice('snapkv:64,budget=adaptive'),
      /Only "chorus select" gives KV heads different numbers of rows/,
    );
  });

  const bad: readonly (readonly [string, RegExp])[] = [
    ['snapvk:64', new RegExp(`no cache "snapvk"; choose ${selectorNames.join(', ')}`)],
    ['constructor:64', /no cache "constructor"/],
    ['', /no cache ""/],
    ['snapkv', /write "snapkv:2048" instead of "snapkv"/],
    ['full:64', /must be "full"/],
    ['snapkv:many', /rows of the cache "snapkv:many" must be a whole number from 1 to \d+; got "many"/],
    ['tiered:64,mean=3', /mean of the cache "tiered:64,mean=3" must divide the 8 rows of a page; got 3/],
    ['tiered:64,heads=0', /heads of the cache "tiered:64,heads=0" must be a whole number from 1 to 100; got "0"/],
    ['tiered:64,heads=101', /heads .* from 1 to 100; got "101"/],
    ['tiered:64,others=1', /others of the cache "tiered:64,others=1" must be more than the 1 tokens of refresh; got 1/],
    ['tiered:64,heads=20,refresh=8,others=8', /others .* must be more than the 8 tokens of refresh; got 8/],
    [
      'tiered:64,heads=100,others=32',
      /others of the cache "tiered:64,heads=100,others=32" is for heads that choose less often than some: write heads=12 with it, or leave it out/,
    ],
    ['tiered:64,refresh=4,others=32', /others .* is for heads that choose less often than some/],
    [
      'tiered:64,together=24',
      /together of the cache "tiered:64,together=24" must divide the 64 tokens of a block; got 24/,
    ],
    ['tiered:8', /rows of the cache "tiered:8" must be a whole number from 16 /],
    ['snapkv:32', /Of 32 rows 32 are the window/],
    ['snapkv:64,kernel=4', /odd number.*got 4/],
    ['snapkv:64,pool=median', /pool .* must be one of avg, max; got "median"/],
    ['snapkv:64,sinks=4', /no option "sinks"/],
    ['snapkv:64,window', /"window" .* is no option/],
    ['snapkv:128,window=32,kernel=7,window=64', /has the option "window" twice/],
    ['tiered:64,page=8,page=16', /has the option "page" twice/],
    ['snapkv:64,window=0', /the attention of the window: window .* must be at least 1; got 0/],
    ['snapkv:64,window=0,values=critical', /window .* must be at least 1; got 0/],
    ['expected-attention:35', /sinks .* no more than the rows .* besides the window, which are 3; got 4/],
    ['expected-attention:64,sinks=33', /which are 32; got 33/],
    ['streaming:64,sinks=100', /sinks of a cache "streaming" .* which are 32; got 100/],
    ['tiered:100', /rows .* must be a multiple of the 8 rows of a page; got 100/],
    ['tiered:200', /rows .* must be a multiple of the 16 rows of a page; got 200/],
    ['tiered:64,kernel=5', /no option "kernel"/],
    ['tiered:16,page=8,window=8,queries=64', /queries .* no more than the 41 tokens .*; got 64/],
  ];
  for (const [text, message] of bad) {
    it(`refuses "${text}"`, () => {
      assert.throws(
        () => parseCacheChoice(text),
        (error: unknown) =>
          error instanceof TroubleError && error.code === 'invalid-input' && message.test(error.message),
      );
    });
  }
});
