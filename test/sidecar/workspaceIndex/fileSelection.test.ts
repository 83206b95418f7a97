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

/** Files that the document `document` is said to be tested by, or to test. The texts have nothing in common. */
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
    name: 'not others of its name',
    document: 'shop/models.py',
    paths: ['blog/models.py', 'user/models.py', 'mail/models.py', 'shop/tests/test_models.py'],
    finds: ['shop/tests/test_models.py'],
  },
  {
    name: 'its test beside it',
    document: 'src/a/index.ts',
    paths: ['src/b/index.ts', 'src/c/index.ts', 'src/d/index.ts', 'src/a/index.test.ts'],
    finds: ['src/a/index.test.ts'],
  },
  {
    name: 'its test of the same name in a folder of tests',
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
    name: 'of a test what it tests',
    document: 'tests/shop/test_models.py',
    paths: ['blog/models.py', 'shop/models.py', 'tests/blog/test_models.py'],
    finds: ['shop/models.py', 'blog/models.py'],
  },
  {
    name: 'of a test that only its ending tells what it tests',
    document: 'src/cart.test.ts',
    paths: ['src/cart.ts', 'lib/cart.test.ts'],
    finds: ['src/cart.ts'],
  },
  {
    name: 'of a test that only its folder tells what it tests',
    document: 'test/cart.ts',
    paths: ['src/cart.ts', 'test/lib/cart.ts'],
    finds: ['src/cart.ts'],
  },
  {
    name: 'its test by all of its name',
    document: 'src/users.service.ts',
    paths: ['src/users.controller.spec.ts', 'src/users.spec.ts', 'src/users.service.spec.ts'],
    finds: ['src/users.service.spec.ts'],
  },
  {
    name: 'of a test by all of its name what it tests',
    document: 'src/users.service.spec.ts',
    paths: ['src/users.controller.ts', 'src/users.ts', 'src/users.service.ts'],
    finds: ['src/users.service.ts'],
  },
  {
    name: 'nothing of a language that it does not know',
    document: 'src/cart.ts',
    paths: ['tests/test_cart.py'],
    finds: [],
  },
];

describe('files that belong together by tests', () => {
  for (const { name, document, paths, finds } of cases)
    it(`${name}: ${document}`, async () => assert.deepEqual(await tested(document, paths), finds));
});
