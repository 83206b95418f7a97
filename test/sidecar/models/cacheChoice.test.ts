import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCacheChoice, selectorNames } from '../../../sidecar/models/chorus/cacheChoice.ts';

describe('a cache is chosen by a text', () => {
  const choices: readonly (readonly [text: string, expected: object])[] = [
    ['full', { name: 'full', capacity: Infinity, window: 0, budget: 'equal' }],
    ['snapkv:2048', { name: 'snapkv', capacity: 2_048, window: 32, budget: 'equal' }],
    ['snapkv:512,window=64,kernel=7,pool=avg', { name: 'snapkv', capacity: 512, window: 64, budget: 'equal' }],
    ['keydiff:33,window=0,values=critical', { name: 'keydiff', capacity: 33, window: 0, budget: 'equal' }],
  ];
  for (const [text, expected] of choices) {
    it(text, () => {
      const { selector, ...choice } = parseCacheChoice(text);
      assert.deepEqual(choice, expected);
      assert.equal(typeof selector.score, 'function');
    });
  }

  it('every selector has a default for each option but the rows', () => {
    for (const name of selectorNames) assert.equal(parseCacheChoice(name === 'full' ? name : `${name}:100`).name, name);
  });

  it('an adaptive budget only where heads may keep different numbers of rows', () => {
    assert.equal(parseCacheChoice('snapkv:64,budget=adaptive', { mayDifferByHead: true }).budget, 'adaptive');
    assert.throws(() => parseCacheChoice('snapkv:64,budget=adaptive'), { message: /Only "chorus select" gives KV heads different numbers of rows/ });
  });

  const wrong: readonly (readonly [text: string, says: RegExp])[] = [
    ['', /There is no cache ""; choose full, snapkv/],
    ['constructor:64', /There is no cache "constructor"/],
    ['full:64', /must be "full"/],
    ['snapkv', /write "snapkv:2048"/],
    ['snapkv:0', /whole number from 1/],
    ['snapkv:64,window=64', /Of 64 rows 64 are the window/],
    ['snapkv:64,kernel=4', /odd number.*got 4/],
    ['snapkv:64,pool=sum', /pool .* must be one of avg, max; got "sum"/],
    ['snapkv:64,window', /"window" .* is no option; write it as "window=32"/],
    ['snapkv:64,sinks=4', /"snapkv" has no option "sinks"/],
    ['h2o:64,values=some', /values .* must be one of equal, critical/],
  ];
  for (const [text, says] of wrong) {
    it(`not by "${text}"`, () => {
      assert.throws(() => parseCacheChoice(text), { name: 'TroubleError', message: says });
    });
  }
});
