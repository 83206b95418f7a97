import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EditJournal } from '../../../../sidecar/nextEdits/editJournal.ts';
import { rewritePlaces } from '../../../../sidecar/nextEdits/rewriting/rewritePlaces.ts';

/** Replaces the first occurrence of a text, and returns the lines that the edit may concern. */
function placesAfter(before: string, from: string, to: string, languageId = 'typescript'): string[] {
  const uri = 'file:///a';
  const journal = new EditJournal();
  const start = before.indexOf(from);
  journal.record(uri, before, [{ start, end: start + from.length, text: to }], 1);
  const text = before.slice(0, start) + to + before.slice(start + from.length);
  return rewritePlaces(journal.recent(1), [{ uri, path: 'a', languageId, text }], 3).map((place) =>
    text.slice(place.start, place.end).trim(),
  );
}

describe('the lines that an edit may concern', () => {
  it('use a name that the edit took away, and look like the edited line, the most alike first', () => {
    const text = [
      'function read(file: Path): Path {}',
      'log(Path);',
      'function write(file: Path) {}',
      'function find(file: Path): Path {}',
      'function hide(file: Text): Text {}',
      '',
    ].join('\n');
    assert.deepEqual(placesAfter(text, 'file: Path', 'file: FilePath'), []);
    assert.deepEqual(placesAfter(text, 'file: Path): Path', 'file: FilePath): FilePath'), [
      'function find(file: Path): Path {}',
      'function write(file: Path) {}',
    ]);
  });

  it('are as many as are asked for, the near ones first', () => {
    const text = ['use(old);', ...['a', 'b', 'c', 'd'].map((name) => `use(old, ${name});`), ''].join('\n');
    assert.deepEqual(placesAfter(text, 'old', 'young'), ['use(old, a);', 'use(old, b);', 'use(old, c);']);
  });

  it('leave out lines that were edited already', () => {
    const uri = 'file:///a';
    const journal = new EditJournal();
    journal.record(uri, 'use(old);\nuse(old);\n', [{ start: 14, end: 17, text: 'young' }], 1);
    journal.record(uri, 'use(old);\nuse(young);\n', [{ start: 4, end: 7, text: 'young' }], 2);
    const text = 'use(young);\nuse(young);\n';
    assert.deepEqual(rewritePlaces(journal.recent(2), [{ uri, path: 'a', languageId: 'go', text }], 3), []);
  });

  for (const [what, from, to] of [
    ['a number', '= 1', '= 2'],
    ['a comment', '// old', '// young'],
    ['an import', "from './old'", "from './young'"],
    ['an added word', 'use(old);', 'await use(old);'],
    ['an added line', 'use(old);\n', 'use(old);\nlog(old);\n'],
    ['a removed line', 'use(old);\n', ''],
    ['an added empty line', 'use(old);\n', 'use(old);\n\n'],
  ] as const)
    it(`are none after an edit of ${what}`, () => {
      const text = ["import { old } from './old';", 'const a = 1;', '// old', 'use(old);', 'use(old, a);', ''].join(
        '\n',
      );
      assert.deepEqual(placesAfter(text, from, to), []);
    });

  it('are no comments and no imports', () => {
    const text = 'import old\nuse(old)\n# use(old)\nfrom use import old\n';
    assert.deepEqual(placesAfter(text, 'use(old)', 'use(young)', 'python'), []);
  });

  it('are also in other documents of the same language, behind equal lines of the edited one', () => {
    const journal = new EditJournal();
    journal.record('a', 'use(old);\nuse(old, 1);\n', [{ start: 4, end: 7, text: 'young' }], 1);
    const document = (uri: string, text: string, languageId = 'go') => ({ uri, path: uri, languageId, text });
    const places = rewritePlaces(
      journal.recent(1),
      [
        document('b', 'see(that);\nuse(old, 1);\n'),
        document('c', 'use(old, 1)\n', 'python'),
        document('a', 'use(young);\nuse(old, 1);\n'),
        document('d', `use(old, 1);\n${' '.repeat(256 * 1024)}`),
      ],
      3,
    );
    assert.deepEqual(
      places.map((place) => [place.document.uri, place.start]),
      [
        ['a', 12],
        ['b', 11],
      ],
    );
  });

  it('are none before an edit', () => {
    assert.deepEqual(rewritePlaces([], [{ uri: 'a', path: 'a', languageId: 'go', text: 'a()\n' }], 3), []);
  });
});
