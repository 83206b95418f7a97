import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Grammars } from '../../../sidecar/syntax/grammars.ts';
import { WorkspaceIndex } from '../../../sidecar/workspaceIndex/workspaceIndex.ts';
import { filesNaming } from '../../../sidecar/workspaceIndex/wordSearch.ts';

const grammars = new Grammars(path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm')));

/** Returns the paths of files that have a name. */
function naming(files: Readonly<Record<string, string>>, name: string): string[] {
  const index = new WorkspaceIndex(grammars);
  for (const [file, text] of Object.entries(files)) index.put({ uri: file, path: file, text, revision: 0 });
  return filesNaming(index, name).map((file) => file.path);
}

describe('filesNaming', () => {
  const uses = Object.fromEntries(Array.from({ length: 40 }, (_, use) => [`use${use}.ts`, `show(total, ${use});\n`]));

  it('returns the file that defines a name before the many that use it', () => {
    const [first, ...others] = naming({ ...uses, 'sum.ts': 'export function total() {}\n' }, 'total');
    assert.equal(first, 'sum.ts');
    assert.equal(others.length, 15);
  });

  it('returns no file that has the name in other letters only', () => {
    assert.deepEqual(naming({ 'a.ts': 'class Total {}\n', 'b.ts': 'show(total);\n' }, 'total'), ['b.ts']);
  });
});
