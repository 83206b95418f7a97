import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { importedFrom } from '../../../sidecar/nextEdits/exports.ts';
import type { SourceDocument } from '../../../sidecar/nextEdits/suggester.ts';

const file = (text: string): SourceDocument => ({ uri: 'a.ts', path: 'src/a.ts', languageId: 'typescript', text });

describe('the path from which other files import a name', () => {
  const cases: readonly (readonly [title: string, text: string, path: string | undefined])[] = [
    ['is relative to the file', "import { foo, bar } from './text';", 'src/text'],
    ['may stand behind many names', "import one, {\n  foo,\n  type bar,\n} from '../text'", 'text'],
    ['is unknown for a package', "import { bar } from 'text';", undefined],
    ['is not that of another statement', "import './x'\nconst one = { bar }\nexport { foo } from './y'\n", undefined],
    ['is not that behind another import', "import foo\nconst one = { bar }\nimport { foo } from './y'\n", undefined],
  ];
  for (const [title, text, path] of cases)
    it(title, () => {
      assert.equal(importedFrom([file(text)], 'bar'), path);
    });

  it('is not searched in a text that is too large to be parsed', () => {
    const text = "import { bar } from './text';\n";
    assert.equal(importedFrom([file(text.padEnd(256 * 1024))], 'bar'), 'src/text');
    assert.equal(importedFrom([file(text.padEnd(256 * 1024 + 1))], 'bar'), undefined);
  });

  for (const line of ['import foo\n', 'import {\n', 'import { foo,\n', 'import {} from\n', 'import  '])
    it(`is searched in linear time in a text full of ${JSON.stringify(line)}`, () => {
      const text = line.repeat((256 * 1024) / line.length);
      const before = process.cpuUsage();
      importedFrom(
        Array.from({ length: 16 }, () => file(text)),
        'bar',
      );
      const { user, system } = process.cpuUsage(before);
      // Quadratic time would take minutes.
      assert.ok(user + system < 15_000_000, `${user + system} µs`);
    });
});
