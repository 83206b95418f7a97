import { ClientWorkspace } from '../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../../../sidecar/workspaceIndex/indexThread.ts';

export interface RecordedWorkspace extends AsyncDisposable {
  readonly workspace: ClientWorkspace;
  /** Handles a change of the document at `path`. */
  changed(path: string, text: string, offset: number): void;
}

export const uriOf = (path: string): string => `file:///workspace/${path}`;

/** The documents of a recording as an editor's workspace. All are open, and change as the recording goes on. */
export async function recordedWorkspace(documents: ReadonlyMap<string, string>): Promise<RecordedWorkspace> {
  const texts = new Map([...documents].map(([path, text]) => [uriOf(path), text]));
  const thread = new IndexThread();
  const workspace = new ClientWorkspace({
    key: 'recording',
    thread,
    openUris: () => [...texts.keys()],
    openText: (uri) => texts.get(uri),
    pathOf: (uri) => uri.slice(uriOf('').length),
    source: {
      list: async () => ({ files: [...texts.keys()].map((uri) => ({ uri, path: uri.slice(uriOf('').length) })) }),
      read: async () => ({ files: [], remaining: [] }),
    },
  });
  workspace.start();
  await workspace.whenReady();
  return {
    workspace,
    changed(path, text, offset) {
      texts.set(uriOf(path), text);
      workspace.documentChanged(uriOf(path), { kind: 'changed', line: text.slice(0, offset).split('\n').length - 1 });
    },
    [Symbol.asyncDispose]: async () => {
      await workspace.close();
      await thread.dispose();
    },
  };
}
