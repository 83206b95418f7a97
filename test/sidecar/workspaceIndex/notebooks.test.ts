import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { ClientWorkspace } from '../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../../../sidecar/workspaceIndex/indexThread.ts';
import { isOwnText } from '../../../sidecar/workspaceIndex/notebookUris.ts';
import type { WorkspaceReadResult } from '../../../sidecar/protocol/client.ts';
import { FilesInMemory } from './filesInMemory.ts';

const CELL = 'vscode-notebook-cell:/project/data.ipynb#W0sZmlsZQ%3D%3D';
const OTHER_CELL = 'vscode-notebook-cell:/project/data.ipynb#W1sZmlsZQ%3D%3D';
const FOREIGN_CELL = 'vscode-notebook-cell:/project/more.ipynb#W0sZmlsZQ%3D%3D';

describe('isOwnText', () => {
  const cases: readonly (readonly [uri: string, documentUri: string, is: boolean])[] = [
    ['file:///a.py', 'file:///a.py', true],
    ['file:///b.py', 'file:///a.py', false],
    [OTHER_CELL, CELL, true],
    ['file:///project/data.ipynb', CELL, true],
    ['vscode-remote://ssh-remote%2Bhost/data.ipynb', 'vscode-notebook-cell://ssh-remote%2Bhost/data.ipynb#W0s', true],
    ['vscode-remote://ssh-remote%2Bother/data.ipynb', 'vscode-notebook-cell://ssh-remote%2Bhost/data.ipynb#W0s', false],
    [FOREIGN_CELL, CELL, false],
    [CELL, 'file:///project/data.ipynb', false],
  ];
  for (const [uri, documentUri, is] of cases)
    it(`${uri} ${is ? 'is' : 'is not'} own text of ${documentUri}`, () =>
      assert.equal(isOwnText(uri, documentUri), is));
});

describe('a notebook', () => {
  const thread = new IndexThread();
  after(() => thread.dispose());
  const LOAD = 'def load_orders(customer_level: str) -> list:\n    return [customer_level]\n';

  interface OpenDocument {
    readonly languageId: string;
    readonly text: string;
  }

  let count = 0;
  /** The URIs of the snippets for a place that calls `load_orders`. */
  async function urisFor(
    uri: string,
    files: Record<string, string>,
    open: Record<string, OpenDocument> = {},
    languageId?: string,
  ): Promise<string[]> {
    const inMemory = new FilesInMemory(files);
    const source = {
      list: (page: number | undefined) => inMemory.list(page),
      read: async (uris: readonly string[]): Promise<WorkspaceReadResult> => {
        const read = await inMemory.read(uris);
        return languageId === undefined
          ? read
          : { ...read, files: read.files.map((file) => ({ ...file, languageId })) };
      },
    };
    const workspace = new ClientWorkspace({
      key: `notebook-${++count}`,
      thread,
      source,
      openUris: () => Object.keys(open),
      openText: (each) => open[each]?.text,
      openLanguage: (each) => open[each]?.languageId,
      pathOf: () => 'data.ipynb',
    });
    workspace.start();
    await workspace.whenReady();
    for (const each of Object.keys(open)) workspace.documentChanged(each, { kind: 'changed', line: 0 });
    const text = 'orders = load_orders(';
    const snippets = await workspace.snippets({
      uri,
      path: 'main.py',
      languageId: 'python',
      text,
      offset: text.length,
      maxSnippetUnits: 3_000,
    });
    await workspace.close();
    return [...new Set(snippets.map((snippet) => snippet.uri))];
  }

  it('serves a document in its language', async () => {
    assert.deepEqual(await urisFor(FilesInMemory.uri('main.py'), { 'data.ipynb': LOAD }), [
      FilesInMemory.uri('data.ipynb'),
    ]);
  });

  it('does not serve a document in another language than the client gives', async () => {
    assert.deepEqual(await urisFor(FilesInMemory.uri('main.py'), { 'data.ipynb': LOAD }, {}, 'r'), []);
  });

  it('does not serve its own cells, whose prompts already have its text', async () => {
    const open = {
      [CELL]: { languageId: 'python', text: 'orders = 1' },
      [OTHER_CELL]: { languageId: 'python', text: LOAD },
    };
    assert.deepEqual(await urisFor(CELL, { 'data.ipynb': LOAD }, open), []);
  });

  it('serves other notebooks with its cells, in the languages that the editor gives', async () => {
    const open = {
      [FOREIGN_CELL]: { languageId: 'python', text: LOAD },
      [`${FOREIGN_CELL}2`]: { languageId: 'markdown', text: 'Where we load_orders' },
    };
    assert.deepEqual(await urisFor(CELL, {}, open), [FOREIGN_CELL]);
  });

  it('ignores edits of a text that is not code', async () => {
    const open = { [FilesInMemory.uri('passwords.txt')]: { languageId: 'plaintext', text: 'load_orders: hunter2' } };
    assert.deepEqual(await urisFor(FilesInMemory.uri('main.py'), {}, open), []);
  });
});
