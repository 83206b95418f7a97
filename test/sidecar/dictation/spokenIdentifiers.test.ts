import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { spokenIdentifiers, writeIdentifiers } from '../../../sidecar/dictation/spokenIdentifiers.ts';

describe('spoken identifiers', () => {
  for (const [identifier, words] of [
    ['getUserName', 'get user name'],
    ['parseHTTPHeader', 'parse http header'],
    ['MAX_RETRY_COUNT', 'max retry count'],
    ['snake_case_name', 'snake case name'],
    ['utf8Length', 'utf 8 length'],
    ['größeÄndern', 'größe ändern'],
  ] as const) {
    it(`pronounce ${identifier} as "${words}"`, () =>
      assert.deepEqual(spokenIdentifiers(`let ${identifier} = 1`), [{ identifier, words: words.split(' ') }]));
  }

  it('are those with several words, the most frequent first, up to a number of words', () => {
    const text = 'const userName = load(fileName); print(fileName, x, y, aNameOfFarTooManyWordsToBeSaidAtOnce)';
    assert.deepEqual(
      spokenIdentifiers(text).map(({ identifier }) => identifier),
      ['fileName', 'userName'],
    );
    const many = Array.from(
      { length: 1_000 },
      (_, index) =>
        `name${'abcdefghij'[index % 10] as string}Of${'klmnopqrst'[Math.floor(index / 10) % 10] as string}x${'uvwxyzabcd'[Math.floor(index / 100)] as string}`,
    ).join(' ');
    assert.equal(spokenIdentifiers(many).length, 200);
  });

  const identifiers = spokenIdentifiers('getUserName getUser MAX_RETRY_COUNT');
  for (const [said, written] of [
    ['Call get user name here.', 'Call getUserName here.'],
    ['Get user, then Get-User-Name.', 'getUser, then getUserName.'],
    ['The max retry count is three.', 'The MAX_RETRY_COUNT is three.'],
    ['We forget user names.', 'We forget user names.'],
    ['Get, user. Name', 'Get, user. Name'],
  ] as const) {
    it(`turn "${said}" into "${written}"`, () => assert.equal(writeIdentifiers(said, identifiers), written));
  }

  it('leave a text unchanged if there are none', () =>
    assert.equal(writeIdentifiers('get user name', []), 'get user name'));
});
