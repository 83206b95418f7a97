import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nextUnspacedWord } from '../../../extension/completion/nextWord.ts';

describe('nextUnspacedWord', () => {
  const cases: readonly (readonly [text: string, words: readonly string[]])[] = [
    ['関数は値を返します', ['関数', 'は', '値', 'を', '返し', 'ます']],
    ['这个函数返回一个值', ['这个', '函数', '返回', '一个', '值']],
    ['ฟังก์ชันนี้', ['ฟังก์ชัน', 'นี้']],
    [' // 合計', [' // 合計']],
  ];
  for (const [text, words] of cases) {
    test(`divides ${text.trim()} as dictionaries do, to its end`, () => {
      const taken: string[] = [];
      for (let rest = text; rest !== ''; rest = rest.slice(taken.at(-1)?.length))
        taken.push(nextUnspacedWord(rest) ?? rest);
      assert.deepEqual(taken, words);
    });
  }
  for (const text of ['return value', 'Größe der Datei', '', '\n  関数', '(', '한국어 단어']) {
    test(`leaves ${JSON.stringify(text)} to VS Code`, () => assert.equal(nextUnspacedWord(text), undefined));
  }
  test('never splits a character of two units, or a character from its marks', () => {
    assert.doesNotMatch(nextUnspacedWord('𠮷野家で食べる') ?? '', /\p{Surrogate}/u);
    assert.doesNotMatch('か\u3099くせい'.slice(nextUnspacedWord('か\u3099くせい')?.length), /^\p{M}/u);
  });
});
