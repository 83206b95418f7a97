import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { splitByFile } from '../../../extension/actions/git/unifiedDiff.ts';

const section = (oldName: string, newName: string, between = '', added = '+TOKEN=b'): string =>
  `diff --git ${oldName} ${newName}\n${between}index 1111111..2222222 100644\n--- ${oldName}\n+++ ${newName}\n@@ -1 +1 @@\n-TOKEN=a\n${added}\n`;

describe('splitByFile under other settings of git', () => {
  it('leaves out files whose path is uncertain', () => {
    assert.deepEqual(splitByFile(section('.env', '.env')), [], 'diff.noprefix');
    assert.deepEqual(splitByFile(section('i/.env', 'w/.env')), [], 'diff.mnemonicPrefix');
    assert.deepEqual(splitByFile(section('a/private/x', 'a/private/x')), [], 'diff.noprefix with a folder "a"');
    assert.deepEqual(splitByFile(section('b/private/x', 'b/private/x')), [], 'diff.noprefix with a folder "b"');
  });

  it('takes no path from the changed lines', () => {
    assert.deepEqual(splitByFile(section('.env', '.env', '', '+++ b/readme.txt')), []);
    assert.deepEqual(splitByFile(section('.env', '.env', '', '--- a/readme.txt')), []);
    const [file] = splitByFile(section('a/notes.txt', 'b/notes.txt', '', ' rename from other.txt\n+++ b/readme.txt'));
    assert.deepEqual([file?.path, file?.previousPath], ['notes.txt', undefined]);
    const deleted = splitByFile(section('a/.env', '/dev/null', '', '+++ b/readme.txt').replace('/dev/null', 'b/.env'));
    assert.equal(deleted[0]?.path, '.env');
  });

  it('leaves out a file with conflicts, even after another file', () => {
    const conflict =
      'diff --cc .env\nindex 1111111,2222222..0000000\n--- a/.env\n+++ b/.env\n@@@ -1,1 -1,1 +1,5 @@@\n++<<<<<<< HEAD\n +TOKEN=a\n';
    const files = splitByFile(section('a/notes.txt', 'b/notes.txt') + conflict + section('a/other.txt', 'b/other.txt'));
    assert.deepEqual(
      files.map(({ path }) => path),
      ['notes.txt', 'other.txt'],
    );
    assert.ok(files.every(({ text }) => !text.includes('<<<<<<<')));
  });

  it('returns the previous path of a renamed file', () => {
    const [file] = splitByFile(
      section('a/.env', 'b/notes.txt', 'similarity index 90%\nrename from .env\nrename to notes.txt\n'),
    );
    assert.deepEqual([file?.path, file?.previousPath], ['notes.txt', '.env']);
  });

  it('returns the original path of a copied file', () => {
    const [file] = splitByFile(
      'diff --git a/.env b/notes.txt\nsimilarity index 100%\ncopy from .env\ncopy to notes.txt\n',
    );
    assert.deepEqual([file?.path, file?.previousPath], ['notes.txt', '.env']);
  });

  for (const [name, end] of [
    ['a line separator', '\u2028'],
    ['a paragraph separator', '\u2029'],
    ['a carriage return', '\r'],
  ] as const) {
    it(`keeps the text after ${name}, which ends no line for git`, () => {
      const text = `${section('a/.env', 'b/.env')}+note ${end}${section('a/readme.md', 'b/readme.md')}`;
      assert.deepEqual(
        splitByFile(text).map(({ path }) => path),
        ['.env'],
      );
      assert.deepEqual(splitByFile(section(`a/notes${end}/.env`, `b/notes${end}/.env`)), []);
    });
  }
});
