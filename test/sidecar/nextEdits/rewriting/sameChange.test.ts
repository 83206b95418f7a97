import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sameChange } from '../../../../sidecar/nextEdits/rewriting/sameChange.ts';

describe('the same change in another line', () => {
  for (const [what, before, after, line, expected] of [
    [
      'replaces the changed word, as often as it is there',
      'use(old);',
      'use(young);',
      'see(old, old);',
      'see(young, young);',
    ],
    [
      'replaces a changed stretch',
      'f(a: Text, b: Model)',
      'f(a: Words, b: Fim)',
      'g(a: Text, b: Model) {}',
      'g(a: Words, b: Fim) {}',
    ],
    [
      'replaces words one by one elsewhere',
      'f(a: Text, b: Model)',
      'f(a: Words, b: Fim)',
      'g(x: Model, y: Text)',
      'g(x: Fim, y: Words)',
    ],
    ['leaves longer words as they are', 'use(old);', 'use(young);', 'use(older, old);', 'use(older, young);'],
    ['is none where the line has no such word', 'use(old);', 'use(young);', 'see(that);', 'see(that);'],
    ['is none where fewer words came than went', 'f(one, two)', 'f(three)', 'g(two, one)', 'g(two, one)'],
    ['removes a removed stretch', 'await use(old);', 'use(old);', 'await see(that);', 'see(that);'],
  ] as const)
    it(what, () => {
      assert.equal(sameChange({ before, after }, line), expected);
    });
});
