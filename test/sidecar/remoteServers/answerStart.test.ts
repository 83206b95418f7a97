import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AnswerStart } from '../../../sidecar/remoteServers/answerStart.ts';

/** Returns the result for an answer that arrives in `parts`. */
function given(parts: readonly string[], answerStart = '```ts\n'): string {
  const start = new AnswerStart(answerStart);
  return [...parts.map((part) => start.push(part)), start.end()].join('');
}

describe('the required start of an answer', () => {
  const cases: readonly [name: string, parts: readonly string[], expected: string][] = [
    ['is removed', ['```ts\ncode'], 'code'],
    ['is found behind other words', ['Sure:\n\n```typescript\na\n', 'b'], 'a\nb'],
    ['is found in several pieces', ['Sure', ':\n', ' `', '``t', 's', '\n', 'a'], 'a'],
    ['is not found in the middle of a line', ['Use ', '```ts\n```\na'], 'a'],
    ['may be missing: then the whole answer is kept', ['no\n', 'fence ```', '\nat all'], 'no\nfence ```\nat all'],
    ['may end unfinished', ['```ts'], '```ts'],
  ];
  for (const [name, parts, expected] of cases) {
    it(name, () => assert.equal(given(parts), expected));
    it(`${name}, character by character`, () => assert.equal(given(parts.flatMap((part) => [...part])), expected));
  }

  it('is empty if none was required', () => assert.equal(given(['```ts\n', 'a'], ''), '```ts\na'));

  it('is searched once per line, however long the answer is', (context) => {
    const start = new AnswerStart('```ts\n');
    const looks = context.mock.method(String.prototype, 'trimStart');
    for (let line = 0; line < 1_000; line++) start.push('words\n');
    assert.equal(looks.mock.callCount(), 1_000);
  });
});
