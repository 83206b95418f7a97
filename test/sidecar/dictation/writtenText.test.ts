import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { spokenIdentifiers } from '../../../sidecar/dictation/spokenIdentifiers.ts';
import { writtenText } from '../../../sidecar/dictation/writtenText.ts';

describe('what is written for what was heard', () => {
  const identifiers = spokenIdentifiers('new_line scratchThat getUserName');
  for (const [what, obeysCommands, heard, written] of [
    [
      'obeys a command whose words are an identifier too',
      true,
      'Call get user name. New line. Done.',
      'Call getUserName.\nDone.',
    ],
    ['takes back by such a command', true, 'Keep this. Get user name. Scratch that.', 'Keep this.'],
    [
      'is the identifier where the words are no command',
      true,
      'Count each new line of it.',
      'Count each new_line of it.',
    ],
    ['is the identifier where commands are off', false, 'New line. Done.', 'new_line. Done.'],
  ] as const) {
    it(what, () => assert.equal(writtenText(heard, { language: 'en', identifiers, obeysCommands }), written));
  }
});
