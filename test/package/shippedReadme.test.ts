import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { shippedReadme } from '../../.scripts/package/shippedReadme.ts';

describe('README of the installed extension', () => {
  it('has no links to files, which can not be opened there, and their words', () => {
    assert.equal(
      shippedReadme('It is [trained on code](docs/model.md), see [VS Code](https://code.visualstudio.com).\n'),
      'It is trained on code, see [VS Code](https://code.visualstudio.com).\n',
    );
  });

  it('leaves out what only says where more stands', () => {
    assert.equal(
      shippedReadme(
        'Dictation into the box ([how](docs/dictation.md)).\n\n- [docs/a.md](docs/a.md): more.\n- An item\n',
      ),
      'Dictation into the box.\n\n- An item\n',
    );
  });

  it('leaves out pictures', () => {
    assert.equal(
      shippedReadme('It completes.\n\n![Ghost text](docs/images/ghost-text.png)\n\nIt explains.\n'),
      'It completes.\n\nIt explains.\n',
    );
  });

  it('leaves out the sections of those who have the sources', () => {
    assert.equal(
      shippedReadme('# Chorus\n\n## Two commands\n\nnpm test\n\n## What it does\n\nMuch.\n'),
      '# Chorus\n\n## What it does\n\nMuch.\n',
    );
  });

  it('of Chorus names no file of the sources that is not there', async () => {
    const text = shippedReadme(await readFile(new URL('../../README.md', import.meta.url), 'utf8'));
    assert.doesNotMatch(text, /\]\((?!https?:)|docs\/|npm (start|test)|^!/m);
    assert.match(text, /^# Chorus\n/);
  });
});
