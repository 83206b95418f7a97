import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { INTERFACE_LANGUAGES } from '../../../l10n/languages.ts';
import { obeySpokenCommands, SPOKEN_COMMANDS } from '../../../sidecar/dictation/spokenCommands.ts';

describe('spoken commands', () => {
  for (const [what, said, written] of [
    ['begin a line', 'Hello. New line. How are you?', 'Hello.\nHow are you?'],
    ['begin a line between commas', 'Hello, new line, how are you?', 'Hello,\nhow are you?'],
    ['begin a line at the end, and two', 'Hello. New line. New line.', 'Hello.\n\n'],
    ['remove the last sentence', 'Hello. That is, well, wrong. Undo that. This is right.', 'Hello. This is right.'],
    ['remove a line that was begun', 'Hello. New line. Undo that. You.', 'Hello. You.'],
    ['remove everything, and then nothing more', 'Hello. Undo that. Scratch that.', ''],
    [
      'are ordinary words inside a sentence',
      'A new line of work. Please undo that mess.',
      'A new line of work. Please undo that mess.',
    ],
    ['leave numbers and names unchanged', 'Pi is 3.14, see main.ts.', 'Pi is 3.14, see main.ts.'],
    ['leave a text without commands unchanged', 'No command here', 'No command here'],
  ] as const) {
    it(what, () => assert.equal(obeySpokenCommands(said, 'en'), written));
  }

  for (const [language, { newLine, undoThat }] of Object.entries(SPOKEN_COMMANDS)) {
    it(`are recognized in "${language}"`, () => {
      const stop = /zh|ja/.test(language) ? '。' : language === 'hi' ? '।' : /ar|fa/.test(language) ? '؟' : '.';
      for (const phrase of newLine)
        assert.equal(obeySpokenCommands(`1${stop} ${phrase}${stop} 2`, language), `1${stop}\n2`);
      for (const phrase of undoThat) assert.equal(obeySpokenCommands(`1${stop} ${phrase}${stop} 2`, language), '2');
      assert.equal(obeySpokenCommands(`1. ${newLine[0] as string}. 2`, 'auto'), '1.\n2');
      const other = language === 'en' ? 'de' : 'en';
      assert.equal(obeySpokenCommands(`1. ${newLine[0] as string}. 2`, other), `1. ${newLine[0] as string}. 2`);
    });
  }

  for (const tag of ['pt-BR', 'PT', 'pt_PT'])
    it(`are recognized in the language of "${tag}"`, () =>
      assert.equal(obeySpokenCommands('1. Nova linha. 2', tag), '1.\n2'));

  it('do not exist in an unknown language', () => {
    for (const language of ['constructor', 'toString', '__proto__', 'xx'])
      assert.equal(obeySpokenCommands('1. New line. 2', language), '1. New line. 2');
  });

  it('exist in every language of the interface', () => {
    const codes = new Set(Object.keys(INTERFACE_LANGUAGES).map((code) => code.split('-')[0] as string));
    assert.deepEqual(Object.keys(SPOKEN_COMMANDS).sort(), [...codes].sort());
  });
});
