import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LONG_WORDS, longShare, proseFiles, sentencesOf, type Sentence } from '../.scripts/prose.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const MOST_LONG_SHARE = 0.03;

function sentencesIn(places: readonly string[]): readonly Sentence[] {
  return proseFiles(root, places).flatMap((file) => sentencesOf(file, readFileSync(path.join(root, file), 'utf8')));
}

describe('prose is short enough to read', () => {
  for (const [name, places] of [
    ['documents', ['*.md', 'docs']],
    ['comments', ['extension', 'kernels', 'l10n', 'media', 'sidecar', 'test', '.scripts']],
  ] as const) {
    it(`at most 3 % of the sentences in ${name} have more than ${LONG_WORDS} words`, () => {
      const sentences = sentencesIn(places);
      assert.ok(sentences.length > 1_000, `${sentences.length} sentences`);
      const long = sentences.filter(({ words }) => words > LONG_WORDS).map(({ file, line }) => `${file}:${line}`);
      assert.ok(longShare(sentences) <= MOST_LONG_SHARE, `${long.length} of ${sentences.length}: ${long.join(' ')}`);
    });
  }

  it('counts the words of each sentence, in Markdown and in comments', () => {
    const lengths = (file: string, text: string): readonly number[] =>
      sentencesOf(file, text).map(({ words }) => words);
    assert.deepEqual(
      lengths(
        'a.md',
        '# Title\n\nOne two. Three\nfour `five six` [seven](eight).\n\n```\nnine\n```\n[ten]: https://example.com\n',
      ),
      [2, 4],
    );
    assert.deepEqual(
      lengths('a.ts', '/** One two.\n * Three. */\nconst a = 1; // not read\n// Four\n// five.\nconst b = 2;'),
      [2, 1, 2],
    );
  });
});
