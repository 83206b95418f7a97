import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { shippedReadme } from '../../.scripts/package/shippedReadme.ts';

describe('shippedReadme', () => {
  it("replaces links to files, which can't be opened there, by their words", () => {
    assert.equal(
      shippedReadme('It is [trained on code](docs/model.md), see [VS Code](https://code.visualstudio.com).\n'),
      'It is trained on code, see [VS Code](https://code.visualstudio.com).\n',
    );
  });

  it('removes links that only refer to further reading', () => {
    assert.equal(
      shippedReadme(
        'Dictation into the box ([how](docs/dictation.md)).\n\n- [docs/a.md](docs/a.md): more.\n- An item\n',
      ),
      'Dictation into the box.\n\n- An item\n',
    );
  });

  it('removes pictures, and tables of pictures', () => {
    const picture = '![Ghost text](docs/images/ghost-text.png)';
    const inTwoThemes = '<picture><source srcset="docs/images/a-dark.png"><img src="docs/images/a.png"></picture>';
    for (const block of [
      picture,
      inTwoThemes,
      `| ${inTwoThemes} |`,
      `| ghost text | chat |\n|---|---|\n| ${picture} | ${picture} |`,
    ])
      assert.equal(shippedReadme(`It completes.\n\n${block}\n\nIt explains.\n`), 'It completes.\n\nIt explains.\n');
  });

  it('removes the sections for developers', () => {
    assert.equal(
      shippedReadme('# Chorus\n\n## Two commands\n\nnpm test\n\n## What it does\n\nMuch.\n'),
      '# Chorus\n\n## What it does\n\nMuch.\n',
    );
  });

  it('names only existing source files', async () => {
    const text = shippedReadme(await readFile(new URL('../../README.md', import.meta.url), 'utf8'));
    assert.doesNotMatch(text, /\]\((?!https?:)|(?<![\w/-])docs\/|npm (start|test)|^!/m);
    assert.match(text, /^# Chorus\n/);
  });
});
