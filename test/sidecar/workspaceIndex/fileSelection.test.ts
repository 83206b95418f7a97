import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it } from 'node:test';
import { selectFiles } from '../../../sidecar/workspaceIndex/fileSelection.ts';
import { Grammars } from '../../../sidecar/syntax/grammars.ts';
import { languageIdOf } from '../../../sidecar/syntax/languageIds.ts';
import type { ContextQuery } from '../../../sidecar/workspaceIndex/snippet.ts';
import { WorkspaceIndex } from '../../../sidecar/workspaceIndex/workspaceIndex.ts';

const grammars = new Grammars(path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm')));

/** The files that are selected as tests of `document`, or as tested by it. The texts share no word. */
async function tested(document: string, paths: readonly string[]): Promise<string[]> {
  const index = new WorkspaceIndex(grammars);
  for (const [number, each] of [...paths, document].entries())
    index.put({ uri: `file:///${each}`, path: each, text: `word${number}`, revision: 0 });
  const query: ContextQuery = {
    uri: `file:///${document}`,
    path: document,
    languageId: languageIdOf(document),
    text: 'own',
    offset: 3,
    openUris: [],
    edits: [],
    definitions: [],
    problems: [],
    maxSnippetUnits: 1_000,
  };
  return (await selectFiles(index, query)).filter(({ reason }) => reason === 'tested').map(({ file }) => file.path);
}

const cases: readonly {
  readonly name: string;
  readonly document: string;
  readonly paths: readonly string[];
  readonly finds: readonly string[];
}[] = [
  {
    name: 'without other files of the same name',
    document: 'shop/models.py',
    paths: ['blog/models.py', 'user/models.py', 'mail/models.py', 'shop/tests/test_models.py'],
    finds: ['shop/tests/test_models.py'],
  },
  {
    name: 'beside the file',
    document: 'src/a/index.ts',
    paths: ['src/b/index.ts', 'src/c/index.ts', 'src/d/index.ts', 'src/a/index.test.ts'],
    finds: ['src/a/index.test.ts'],
  },
  {
    name: 'of the same name in a folder of tests',
    document: 'src/page.tsx',
    paths: ['app/page.tsx', 'src/__tests__/page.tsx'],
    finds: ['src/__tests__/page.tsx'],
  },
  {
    name: 'the nearest tests first',
    document: 'src/e/index.ts',
    paths: ['a', 'b', 'c', 'd', 'e'].map((folder) => `test/${folder}/index.test.ts`),
    finds: ['test/e/index.test.ts', 'test/a/index.test.ts', 'test/b/index.test.ts'],
  },
  {
    name: 'for a test',
    document: 'tests/shop/test_models.py',
    paths: ['blog/models.py', 'shop/models.py', 'tests/blog/test_models.py'],
    finds: ['shop/models.py', 'blog/models.py'],
  },
  {
    name: 'for a test that only its ending marks',
    document: 'src/cart.test.ts',
    paths: ['src/cart.ts', 'lib/cart.test.ts'],
    finds: ['src/cart.ts'],
  },
  {
    name: 'for a test that only its folder marks',
    document: 'test/cart.ts',
    paths: ['src/cart.ts', 'test/lib/cart.ts'],
    finds: ['src/cart.ts'],
  },
  {
    name: 'by the whole name',
    document: 'src/users.service.ts',
    paths: ['src/users.controller.spec.ts', 'src/users.spec.ts', 'src/users.service.spec.ts'],
    finds: ['src/users.service.spec.ts'],
  },
  {
    name: 'for a test, by the whole name',
    document: 'src/users.service.spec.ts',
    paths: ['src/users.controller.ts', 'src/users.ts', 'src/users.service.ts'],
    finds: ['src/users.service.ts'],
  },
  {
    name: 'without files in unrelated languages',
    document: 'src/cart.ts',
    paths: ['tests/test_cart.py'],
    finds: [],
  },
];

describe('selectFiles finds tests and tested files', () => {
  for (const { name, document, paths, finds } of cases)
    it(`${name}: ${document}`, async () => assert.deepEqual(await tested(document, paths), finds));
});
