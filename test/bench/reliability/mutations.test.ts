import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { repositoryRoot } from '../report.ts';
import { mutations } from './mutations.ts';

describe('the table of mutations', () => {
  test('finds each text exactly once in its file', () => {
    const stale = mutations.flatMap(({ file, find }, index) => {
      const source = path.join(repositoryRoot, file);
      const count = existsSync(source) ? readFileSync(source, 'utf8').split(find).length - 1 : undefined;
      return count === 1
        ? []
        : [`#${index + 1} ${file}: ${count === undefined ? 'no such file' : `${count} times ${JSON.stringify(find)}`}`];
    });
    assert.deepEqual(stale, []);
  });

  test('replaces each text by another', () => {
    assert.deepEqual(
      mutations.filter(({ find, replacement }) => find === replacement),
      [],
    );
  });

  test('names test files that exist', () => {
    const named = new Set(mutations.flatMap(({ tests }) => tests));
    assert.deepEqual(
      [...named].filter((file) => !existsSync(path.join(repositoryRoot, file))),
      [],
    );
  });
});
