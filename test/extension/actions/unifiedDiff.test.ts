import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { additionDiff, joinWithin, splitByFile } from '../../../extension/actions/git/unifiedDiff.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'chorus-diff-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function git(...args: string[]): string {
  return execFileSync(
    'git',
    ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'init.defaultBranch=main', ...args],
    { cwd: folder, encoding: 'utf8' },
  );
}
function write(file: string, content: string | Uint8Array): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), content);
}

describe('splitByFile', () => {
  it('names every file that git names, whatever happened to it', () => {
    git('init', '-q');
    write('changed.ts', 'a\n');
    write('deleted.ts', 'gone\n');
    write('old name.ts', 'a\nb\nc\nd\n');
    git('add', '-A');
    git('commit', '-q', '-m', 'first');
    write('changed.ts', 'diff --git a/fake b/fake\n');
    rmSync(path.join(folder, 'deleted.ts'));
    renameSync(path.join(folder, 'old name.ts'), path.join(folder, 'new name.ts'));
    write('empty.txt', '');
    write('binary.bin', Uint8Array.of(0, 1, 2));
    write('src/größe "x".ts', 'a\n');
    git('add', '-A');
    const files = splitByFile(git('diff', '--cached'));
    assert.deepEqual(files.map((file) => file.path).sort(), [
      'binary.bin',
      'changed.ts',
      'deleted.ts',
      'empty.txt',
      'new name.ts',
      'src/größe "x".ts',
    ]);
  });

  it('loses nothing: the joined parts are the whole diff', () => {
    const diff = git('diff', '--cached');
    assert.equal(joinWithin(splitByFile(diff), diff.length), diff);
  });

  it("equals git's output for a new file", () => {
    write('added.ts', 'one\ntwo\n');
    git('add', 'added.ts');
    const told = git('diff', '--cached', '--', 'added.ts').replace(/^(new file).*\nindex .*$/m, '$1');
    assert.equal(additionDiff('added.ts', 'one\ntwo\n').text, told);
  });
});

describe('joinWithin', () => {
  const small = { path: 'small', text: 'diff --git small\n+1\n' };
  const large = { path: 'large', text: `diff --git large\n${'+a line\n'.repeat(1000)}` };

  it('keeps small files whole and cuts the large file at a line', () => {
    const cut = joinWithin([large, small], 500);
    assert.ok(cut.includes(small.text));
    assert.match(cut, /\+a line\n\[…\]\ndiff --git small/);
    assert.ok(cut.length <= 500 + '[…]\n'.length);
  });
  it('shares the space evenly among large files', () => {
    const cut = joinWithin([large, { ...large, path: 'other' }], 1000);
    assert.equal(cut.split('[…]').length, 3);
  });
  it('returns an empty text without files', () => assert.equal(joinWithin([], 100), ''));
});
