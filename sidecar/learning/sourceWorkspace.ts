import { ClientWorkspace } from '../workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../workspaceIndex/indexThread.ts';
import type { SourceFile } from './sourceFile.ts';

const ROOT = 'file:///workspace/';

export const uriOfSource = (path: string): string => ROOT + path.split('/').map(encodeURIComponent).join('/');

export interface SourceWorkspace extends AsyncDisposable {
  readonly workspace: ClientWorkspace;
}

/** Indexes files as the sidecar indexes a window's workspace. Resolves when all are indexed. */
export async function openSourceWorkspace(files: readonly SourceFile[]): Promise<SourceWorkspace> {
  const byUri = new Map(files.map((file) => [uriOfSource(file.path), file]));
  const thread = new IndexThread();
  const workspace = new ClientWorkspace({
    key: 'learning',
    thread,
    openUris: () => [],
    openText: () => undefined,
    pathOf: (uri) => byUri.get(uri)?.path ?? uri,
    source: {
      list: async () => ({ files: [...byUri].map(([uri, { path }]) => ({ uri, path })) }),
      read: async (uris) => ({
        files: uris.flatMap((uri) => {
          const file = byUri.get(uri);
          return file === undefined ? [] : [{ uri, text: file.text }];
        }),
        remaining: [],
      }),
    },
  });
  workspace.start();
  await workspace.whenReady();
  return {
    workspace,
    [Symbol.asyncDispose]: async () => {
      await workspace.close();
      await thread.dispose();
    },
  };
}
