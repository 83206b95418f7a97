import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { insertedText } from '../../../extension/dictation/insertedText.ts';

describe('insertedText', () => {
  for (const [what, text, before, lineBreak, inserted] of [
    ['separates the text from a word before it', 'Hello', '// See', '\n', ' Hello'],
    ['adds no blank after a word of a script without blanks', '很好。', '今天天气', '\n', '很好。'],
    ['adds no blank after a space', 'Hello', '// ', '\n', 'Hello'],
    ['adds no blank at the beginning of a line', 'Hello', '', '\r\n', 'Hello'],
    ['returns nothing for an empty text', '', 'word', '\r\n', ''],
    ['uses the line ends of its document', 'One.\n\nTwo.', '', '\n', 'One.\n\nTwo.'],
    [
      'uses the line ends of a Windows document, of two units',
      'One.\n\nTwo.\n',
      'Say:',
      '\r\n',
      ' One.\r\n\r\nTwo.\r\n',
    ],
  ] as const) {
    it(what, () => assert.equal(insertedText(text, { before, lineBreak }), inserted));
  }
});
