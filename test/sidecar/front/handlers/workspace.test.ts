import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { IndexThread } from '../../../../sidecar/workspaceIndex/indexThread.ts';
import { WORKSPACE_CHANGE_NOTIFICATION, type WorkspaceChange } from '../../../../sidecar/protocol/client.ts';
import type { NotificationType } from '../../../../sidecar/protocol/messages.ts';
import { Client } from '../../../../sidecar/front/client.ts';
import { handleWorkspace } from '../../../../sidecar/front/handlers/workspace.ts';
import type { LspConnection } from '../../../../sidecar/front/lspConnection.ts';

/** A client whose notifications the test sends, with an index thread that knows no files. */
function connected(): {
  readonly client: Client;
  readonly notify: (type: string | NotificationType<WorkspaceChange>, params?: unknown) => void;
  readonly resets: string[];
} {
  const handlers = new Map<unknown, (params: unknown) => void>();
  const connection = {
    onNotification: (type: unknown, _: unknown, handle: (params: unknown) => void) => void handlers.set(type, handle),
    request: async () => ({ files: [], remaining: [] }),
  };
  const client = new Client(1, connection as unknown as LspConnection, '');
  client.providesWorkspace = true;
  const resets: string[] = [];
  handleWorkspace(
    client,
    { workspaceReset: (clientKey) => resets.push(clientKey) },
    {
      index: { ask: async () => undefined } as unknown as IndexThread,
      completions: { documentChanged: () => undefined },
      editWriter: { stop: () => undefined },
      log: { info: () => undefined, error: () => undefined },
    },
  );
  const notify = (type: unknown, params?: unknown): void => handlers.get(type)?.(params);
  notify('initialized');
  return { client, notify, resets };
}

const uri = 'file:///project/a.py';

describe('a client’s files', () => {
  it('reset remembered completions only when other files may be read', () => {
    const { client, notify, resets } = connected();
    notify(WORKSPACE_CHANGE_NOTIFICATION, { changed: [{ uri, path: 'a.py' }], deleted: [uri] });
    assert.deepEqual(resets, []);
    notify(WORKSPACE_CHANGE_NOTIFICATION, { reset: true });
    assert.deepEqual(resets, [client.key]);
  });

  const CELL = '#W0sZmlsZQ%3D%3D';
  const places: readonly (readonly [uri: string, folder: string, path: string])[] = [
    ['file:///project/src/a%20b.py', 'file:///project', 'src/a b.py'],
    ['file:///elsewhere/a.py', 'file:///project', 'a.py'],
    [`vscode-notebook-cell:/project/analysis/data.ipynb${CELL}`, 'file:///project', 'analysis/data.ipynb'],
    [`vscode-notebook-cell:/c%3A/project/analysis/data.ipynb${CELL}`, 'file:///c%3A/project/', 'analysis/data.ipynb'],
    [
      `vscode-notebook-cell://ssh-remote%2Bhost/project/data.ipynb${CELL}`,
      'vscode-remote://ssh-remote%2Bhost/project',
      'data.ipynb',
    ],
    [`vscode-notebook-cell:/projects/data.ipynb${CELL}`, 'file:///project', 'data.ipynb'],
    ['untitled:Untitled-1', 'file:///project', 'Untitled-1'],
  ];
  for (const [document, folder, path] of places) {
    it(`have the path ${path} if ${document} is open in ${folder}`, () => {
      const { client } = connected();
      client.folders = [folder];
      assert.equal(client.files?.pathOf(document), path);
    });
  }
});

describe('files that no index could hold', () => {
  let { client, notify } = connected();
  const state = (): string | undefined => client.files?.state.state;
  beforeEach(async () => {
    ({ client, notify } = connected());
    await client.files?.whenReady();
    client.files?.giveUp();
  });

  it('are not read again for a document that is opened', () => {
    client.documents.onDidChange(uri, { kind: 'opened' });
    assert.equal(state(), 'off');
  });

  it('are read again when settings change', () => {
    notify('workspace/didChangeConfiguration');
    assert.equal(state(), 'reading');
  });

  it('are read again when other files may be read', () => {
    notify(WORKSPACE_CHANGE_NOTIFICATION, { reset: true });
    assert.equal(state(), 'reading');
  });

  it('are not read again, under any rules, once the user has turned them off in prompts', () => {
    client.settings = { context: { workspace: false } };
    notify('workspace/didChangeConfiguration');
    notify(WORKSPACE_CHANGE_NOTIFICATION, { reset: true });
    assert.equal(state(), 'off');
  });
});
