import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it } from 'node:test';
import { breaksSyntax } from '../../../../sidecar/nextEdits/rewriting/breaksSyntax.ts';
import { Trees } from '../../../../sidecar/nextEdits/trees.ts';
import { Grammars } from '../../../../sidecar/syntax/grammars.ts';

const trees = new Trees(new Grammars(path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'))));

/** Whether replacing one text by another breaks the syntax. */
function breaks(text: string, [from, to]: readonly [string, string], languageId = 'typescript'): Promise<boolean> {
  const start = text.indexOf(from);
  const document = { uri: 'file:///a', path: 'a', languageId, text };
  return breaksSyntax(document, [start, start + from.length, to], { trees, workspace: 'w' });
}

describe('breaksSyntax', () => {
  it('finds errors that an edit brings', async () => {
    assert.equal(await breaks('show(a);\n', ['a', 'a, (b']), true);
    assert.equal(await breaks('if (a) show(a);\n', ['show(a);', 'show(a;']), true);
  });

  it('allows edits of right code', async () => {
    assert.equal(await breaks('show(a);\n', ['a', 'a, b']), false);
  });

  it('does not count errors that were there before', async () => {
    assert.equal(await breaks('show(a;\nshow(b);\n', ['b', 'c']), false);
  });

  it('knows nothing of languages without a grammar', async () => {
    assert.equal(await breaks('show(a)\n', ['a', '((('], 'plaintext'), false);
  });
});
