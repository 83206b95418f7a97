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
  return rewritePlaces(journal.recent(1), { uri, path: 'a', languageId, text }, 3).map((place) =>
    text.slice(place.start, place.end).trim(),
  );
}

describe('the lines that an edit may concern', () => {
  it('are those that use a name that the edit took away, the most alike first', () => {
    const text = ['function read(file: Path) {}', 'log(Path);', 'function write(file: Path) {}', 'log(1);', ''].join(
      '\n',
    );
    assert.deepEqual(placesAfter(text, 'Path', 'FilePath'), ['function write(file: Path) {}', 'log(Path);']);
  });

  it('are those that look like the edited line and share a name with it', () => {
    const text = ['show(first, 1);', 'show(second, 1);', 'hide();', 'if (first) return;', ''].join('\n');
    assert.deepEqual(placesAfter(text, ', 1', ', 1, options'), ['show(second, 1);']);
  });

  it('are as many as are asked for, the near ones first', () => {
    const text = ['use(old);', ...['a', 'b', 'c', 'd'].map((name) => `use(old, ${name});`), ''].join('\n');
    assert.deepEqual(placesAfter(text, 'old', 'young'), ['use(old, a);', 'use(old, b);', 'use(old, c);']);
  });

  it('leave out lines that were changed already', () => {
    const text = ['use(old);', 'use(young);', ''].join('\n');
    assert.deepEqual(placesAfter(text, 'old', 'young'), []);
  });

  for (const [what, from, to] of [
    ['a number', '= 1', '= 2'],
    ['a comment', '// old', '// young'],
    ['an added line', 'use(old);\n', 'use(old);\nlog(old);\n'],
    ['a removed line', 'use(old);\n', ''],
    ['an added empty line', 'use(old);\n', 'use(old);\n\n'],
  ] as const)
    it(`are none after an edit of ${what}`, () => {
      const text = ['const a = 1;', '// old', 'use(old);', 'use(old, a);', ''].join('\n');
      assert.deepEqual(placesAfter(text, from, to), []);
    });

  it('are no comments', () => {
    assert.deepEqual(placesAfter('use(old)\n# use(old)\n', 'old', 'young', 'python'), []);
  });

  it('are none before an edit', () => {
    assert.deepEqual(rewritePlaces([], { uri: 'a', path: 'a', languageId: 'go', text: 'a()\n' }, 3), []);
  });
});
