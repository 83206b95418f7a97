import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blankBetween } from '../../l10n/blankBetween.ts';

describe('between two pieces of a text stands', () => {
  for (const [what, before, after] of [
    ['of words', 'Hello', 'world'],
    ['of Korean, which parts words', '안녕하세요', '여러분'],
    ['of Devanagari', 'नमस्ते।', 'आप'],
    ['of a sentence and the next', 'So.', 'And'],
    ['of Chinese and a Latin word', '我用', 'Python'],
    ['of a Latin word and Japanese', 'Python', 'です'],
  ] as const) {
    it(`a blank: ${what}`, () => assert.equal(blankBetween(before, after), ' '));
  }

  for (const [what, before, after] of [
    ['of Chinese', '今天天气', '很好'],
    ['of Japanese, kana and a long vowel among it', 'サーバー', 'を起動します'],
    ['of Thai', 'สวัสดี', 'ครับ'],
    ['of Khmer', 'សួស្តី', 'អ្នក'],
    ['behind a sentence of Chinese', '打开文件。', '保存'],
    ['behind a wide sign, whatever follows', '打开文件。', 'Python'],
    ['before a wide sign', 'Python', '，然后'],
    ['where there is a blank already', 'Hello ', 'world'],
    ['where the second begins with one', 'Hello', '\nworld'],
    ['behind nothing', '', 'Hello'],
    ['before nothing', 'Hello', ''],
  ] as const) {
    it(`nothing: ${what}`, () => assert.equal(blankBetween(before, after), ''));
  }
});
