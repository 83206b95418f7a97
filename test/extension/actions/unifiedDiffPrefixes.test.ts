import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { splitByFile } from '../../../extension/actions/git/unifiedDiff.ts';

const section = (oldName: string, newName: string, between = ''): string =>
  `diff --git ${oldName} ${newName}\n${between}index 1111111..2222222 100644\n--- ${oldName}\n+++ ${newName}\n@@ -1 +1 @@\n-TOKEN=a\n+TOKEN=b\n`;

describe('a diff under other settings of git', () => {
  it('gives nothing of files whose path is not certain', () => {
    assert.deepEqual(splitByFile(section('.env', '.env')), [], 'diff.noprefix');
    assert.deepEqual(splitByFile(section('i/.env', 'w/.env')), [], 'diff.mnemonicPrefix');
  });

  it('tells where a renamed file was', () => {
    const [file] = splitByFile(section('a/.env', 'b/notes.txt', 'similarity index 90%\nrename from .env\nrename to notes.txt\n'));
    assert.deepEqual([file?.path, file?.previousPath], ['notes.txt', '.env']);
  });
});
