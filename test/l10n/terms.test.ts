import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { INTERFACE_LANGUAGES } from '../../l10n/languages.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const texts = (file: string): Readonly<Record<string, string>> => JSON.parse(read(file)) as Record<string, string>;

/** The English texts that have each term of `docs/languages.md`. A chat template is not a chat. */
const ENGLISH: Readonly<Record<string, RegExp>> = {
  workspace: /\bworkspaces?\b/i,
  'ghost text': /\bghost text\b/i,
  chat: /\bchats?\b(?! template)/i,
  'commit message': /\bcommit messages?\b/i,
  sidecar: /\bsidecar\b/i,
  token: /\btokens?\b/i,
  context: /\bcontexts?\b/i,
};

/** The cells of the table of terms, by language. */
function termTable(): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const [header = [], , ...rows] = read('docs/languages.md')
    .slice(read('docs/languages.md').indexOf('| language |'))
    .split('\n\n', 1)[0]!
    .split('\n')
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  return new Map(
    rows.map(([language = '', ...names]) => [
      language,
      Object.fromEntries(names.map((name, index) => [header[index + 1] ?? '', name])),
    ]),
  );
}

/** A pattern for the forms of a cell. `~` stands for letters, marks, joiners and hyphens. */
function formsOf(cell: string, language: string): RegExp {
  const forms = cell.toLocaleLowerCase(language).split(' / ');
  return new RegExp(forms.map((form) => form.replaceAll('~', "[\\p{L}\\p{M}\\u200c'’-]*")).join('|'), 'u');
}

/** A text without code, options of the command line, and targets of links. */
const wordsOf = (text: string): string => text.replace(/`[^`]*`|--[\w-]+|\(command:[^)]*\)/g, '');

describe('the terms of docs/languages.md', () => {
  const table = termTable();

  it('are there for each language and each term', () => {
    assert.deepEqual(
      [...table.keys()],
      Object.keys(INTERFACE_LANGUAGES)
        .filter((language) => language !== 'en')
        .sort(),
    );
    for (const names of table.values()) assert.deepEqual(Object.keys(names), Object.keys(ENGLISH));
  });

  for (const [language, names] of table) {
    it(`are the names in ${language}`, () => {
      const lacking = ['package.nls', 'l10n/bundle.l10n'].flatMap((name) => {
        const translated = texts(`${name}.${language}.json`);
        return Object.entries(texts(`${name}.json`)).flatMap(([key, english]) =>
          Object.entries(ENGLISH)
            .filter(([, pattern]) => pattern.test(wordsOf(english)))
            .filter(
              ([term]) =>
                !formsOf(names[term] ?? '', language).test(wordsOf(translated[key] ?? '').toLocaleLowerCase(language)),
            )
            .map(([term]) => `${term} (${names[term]}): ${translated[key]}`),
        );
      });
      assert.deepEqual(lacking, []);
    });
  }
});
