import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { spokenIdentifiers } from '../../../sidecar/dictation/spokenIdentifiers.ts';
import { writtenText } from '../../../sidecar/dictation/writtenText.ts';

describe('writtenText', () => {
  const identifiers = spokenIdentifiers('new_line scratchThat getUserName');
  for (const [what, obeysCommands, heard, written] of [
    [
      'applies a command whose words are also an identifier',
      true,
      'Call get user name. New line. Done.',
      'Call getUserName.\nDone.',
    ],
    ['removes a sentence by such a command', true, 'Keep this. Get user name. Scratch that.', 'Keep this.'],
    [
      'writes the identifier if the words are no command',
      true,
      'Count each new line of it.',
      'Count each new_line of it.',
    ],
    ['writes the identifier if commands are off', false, 'New line. Done.', 'new_line. Done.'],
  ] as const) {
    it(what, () => assert.equal(writtenText(heard, { language: 'en', identifiers, obeysCommands }), written));
  }
});
