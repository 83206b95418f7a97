import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { insertedText } from '../../../extension/dictation/insertedText.ts';

describe('dictated text in a document', () => {
  for (const [what, text, before, lineBreak, inserted] of [
    ['stands apart from a word before it', 'Hello', '// See', '\n', ' Hello'],
    ['stands next to a word of a script without blanks', '很好。', '今天天气', '\n', '很好。'],
    ['stands behind a space as it is', 'Hello', '// ', '\n', 'Hello'],
    ['stands at the beginning of a line as it is', 'Hello', '', '\r\n', 'Hello'],
    ['is nothing where nothing is said', '', 'word', '\r\n', ''],
    ['has the line ends of its document', 'One.\n\nTwo.', '', '\n', 'One.\n\nTwo.'],
    ['has those of a Windows document, of two units', 'One.\n\nTwo.\n', 'Say:', '\r\n', ' One.\r\n\r\nTwo.\r\n'],
  ] as const) {
    it(what, () => assert.equal(insertedText(text, { before, lineBreak }), inserted));
  }
});
