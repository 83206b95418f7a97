import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  definitionOf,
  isRecalled,
  makeConstants,
  makeNeedle,
  MOST_CONSTANTS,
} from '../../../../sidecar/workshop/retrieval/facts.ts';
import { Random } from '../../../../sidecar/workshop/train/random.ts';

describe('constants', () => {
  it('depend only on the seed', () => {
    assert.deepEqual(makeConstants(10, new Random(3)), makeConstants(10, new Random(3)));
    assert.notDeepEqual(makeConstants(10, new Random(3)), makeConstants(10, new Random(4)));
  });

  it('have different names and different values of five digits', () => {
    const constants = makeConstants(MOST_CONSTANTS, new Random(1));
    assert.equal(new Set(constants.map(({ name }) => name)).size, MOST_CONSTANTS);
    assert.equal(new Set(constants.map(({ value }) => value)).size, MOST_CONSTANTS);
    assert.ok(constants.every(({ value }) => /^[1-9]\d{4}$/.test(value)));
  });

  it('share no word of their names if there are few', () => {
    const words = makeConstants(20, new Random(2)).flatMap(({ name }) => name.split('_'));
    assert.equal(new Set(words).size, 40);
  });

  for (const [ending, statement] of [
    ['.ts', 'const RETRY_MAPLE = 48213;'],
    ['.py', 'RETRY_MAPLE = 48213'],
    ['.go', 'const RETRY_MAPLE = 48213'],
    ['', 'const RETRY_MAPLE = 48213;'],
  ] as const) {
    it(`are defined in a file *${ending} as "${statement}", and asked for with the text before the value`, () => {
      const fact = definitionOf({ name: 'RETRY_MAPLE', value: '48213' }, ending);
      assert.equal(fact.statement, statement);
      assert.equal(fact.question, statement.slice(0, statement.indexOf(' 48213')));
    });
  }
});

describe('a needle', () => {
  it('is a sentence that begins with its question and continues with its value', () => {
    const { statement, question, value } = makeNeedle(new Random(7));
    assert.equal(statement, `${question} ${value}.`);
    assert.deepEqual(makeNeedle(new Random(7)), { statement, question, value });
  });
});

describe('a continuation', () => {
  for (const right of [' 48213', '48213;\n', ' 48213, 5', '\n48213.'])
    it(`recalls 48213 by ${JSON.stringify(right)}`, () => assert.ok(isRecalled(right, '48213')));
  for (const wrong of ['', ' 4821', ' 482130', ' 148213', ' it is 48213', ' 48214'])
    it(`does not recall 48213 by ${JSON.stringify(wrong)}`, () => assert.ok(!isRecalled(wrong, '48213')));
});
