import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AnswerStart } from '../../../sidecar/remoteServers/answerStart.ts';

/** What is given of an answer that comes in `parts`. */
function given(parts: readonly string[], answerStart = '```ts\n'): string {
  const start = new AnswerStart(answerStart);
  return [...parts.map((part) => start.push(part)), start.end()].join('');
}

describe('what an answer was to begin with', () => {
  const cases: readonly [name: string, parts: readonly string[], expected: string][] = [
    ['is taken off', ['```ts\ncode'], 'code'],
    ['is found behind words', ['Sure:\n\n```typescript\na\n', 'b'], 'a\nb'],
    ['is found where it comes in pieces', ['Sure', ':\n', ' `', '``t', 's', '\n', 'a'], 'a'],
    ['is not what stands in the middle of a line', ['Use ', '```ts\n```\na'], 'a'],
    ['may be missing: then all of it is the answer', ['no\n', 'fence ```', '\nat all'], 'no\nfence ```\nat all'],
    ['may end unfinished', ['```ts'], '```ts'],
  ];
  for (const [name, parts, expected] of cases) {
    it(name, () => assert.equal(given(parts), expected));
    it(`${name}, character by character`, () => assert.equal(given(parts.flatMap((part) => [...part])), expected));
  }

  it('is nothing where nothing was asked for', () => assert.equal(given(['```ts\n', 'a'], ''), '```ts\na'));

  it('is looked for once in each line, however long the answer', (context) => {
    const start = new AnswerStart('```ts\n');
    const looks = context.mock.method(String.prototype, 'trimStart');
    for (let line = 0; line < 1_000; line++) start.push('words\n');
    assert.equal(looks.mock.callCount(), 1_000);
  });
});
