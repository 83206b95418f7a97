import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blankBetween } from '../../l10n/blankBetween.ts';

describe('blankBetween', () => {
  for (const [what, before, after] of [
    ['words', 'Hello', 'world'],
    ['Korean, which uses blanks', '안녕하세요', '여러분'],
    ['Devanagari', 'नमस्ते।', 'आप'],
    ['two sentences', 'So.', 'And'],
    ['Chinese and a Latin word', '我用', 'Python'],
    ['a Latin word and Japanese', 'Python', 'です'],
  ] as const) {
    it(`returns a blank: ${what}`, () => assert.equal(blankBetween(before, after), ' '));
  }

  for (const [what, before, after] of [
    ['Chinese', '今天天气', '很好'],
    ['Japanese with kana and a long vowel', 'サーバー', 'を起動します'],
    ['Thai', 'สวัสดี', 'ครับ'],
    ['Khmer', 'សួស្តី', 'អ្នក'],
    ['after a sentence of Chinese', '打开文件。', '保存'],
    ['after a wide sign, whatever follows', '打开文件。', 'Python'],
    ['before a wide sign', 'Python', '，然后'],
    ['if there is already a blank', 'Hello ', 'world'],
    ['if the second begins with a blank', 'Hello', '\nworld'],
    ['after an empty text', '', 'Hello'],
    ['before an empty text', 'Hello', ''],
  ] as const) {
    it(`returns nothing: ${what}`, () => assert.equal(blankBetween(before, after), ''));
  }
});
