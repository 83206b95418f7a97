import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import './support/useFakeVscode.ts';
import { bringForward } from './support/bringForward.ts';
import { fake, Uri } from './support/vscode.ts';

const { readIgnoreFile } = await import('../../../extension/documents/readIgnoreFile.ts');
const { readTextFile } = await import('../../../extension/documents/readTextFile.ts');

const MIB = 1024 * 1024;
const file = '/ws/.gitignore';
const uri = Uri.file(file) as unknown as vscode.Uri;

/** Returns the result of reading a file from `files`, or 'throws' if reading throws. */
async function reading(
  read: (uri: vscode.Uri) => Promise<string | undefined>,
  files: Readonly<Record<string, string>>,
  isHanging: boolean,
): Promise<string | undefined> {
  fake.open(['/ws'], files);
  if (isHanging) fake.hanging.add(file);
  return bringForward(() => read(uri).catch(() => 'throws'));
}

const cases: readonly (readonly [
  what: string,
  files: Readonly<Record<string, string>>,
  ignoreFile: string | undefined,
  textFile: string | undefined,
])[] = [
  ['is text', { [file]: 'out/\n' }, 'out/\n', 'out/\n'],
  ['is empty', { [file]: '' }, '', ''],
  ['has the maximum size', { [file]: '#'.repeat(MIB) }, '#'.repeat(MIB), '#'.repeat(MIB)],
  ['does not exist', {}, undefined, undefined],
  ['is a folder', { [`${file}/a`]: '' }, undefined, undefined],
  ['is too large', { [file]: '#'.repeat(MIB + 1) }, 'throws', undefined],
  ['is no text', { [file]: 'o\0u\0t\0' }, 'throws', undefined],
];

describe('readIgnoreFile', () => {
  for (const [what, files, expected] of cases)
    it(`with a file that ${what}: ${expected?.slice(0, 10)}`, async () =>
      assert.equal(await reading(readIgnoreFile, files, false), expected));
  it('throws if the file system does not answer', async () =>
    assert.equal(await reading(readIgnoreFile, {}, true), 'throws'));
});

describe('readTextFile', () => {
  for (const [what, files, , expected] of cases)
    it(`with a file that ${what}: ${expected?.slice(0, 10)}`, async () =>
      assert.equal(await reading((of) => readTextFile(of, MIB), files, false), expected));

  it('resolves with undefined and calls `onLate` if the file system does not answer', async () => {
    const late: string[] = [];
    assert.equal(
      await reading((of) => readTextFile(of, MIB, (error) => late.push(error.name)), { [file]: 'text' }, true),
      undefined,
    );
    assert.deepEqual(late, ['TimeoutError']);
  });
});
