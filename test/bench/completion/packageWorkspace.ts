import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CompletionRequest } from '../../../sidecar/completion/request.ts';
import { WorkspaceTexts } from '../../../sidecar/completion/workspaceTexts.ts';
import { ClientWorkspace } from '../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../../../sidecar/workspaceIndex/indexThread.ts';
import type { Engine } from '../../../sidecar/engine/engine.ts';
import type { TokenId } from '../../../sidecar/protocol/engine.ts';
import { type Place, sourceFiles } from './places.ts';

export interface PackageWorkspace extends AsyncDisposable {
  readonly workspace: ClientWorkspace;
}

export const uriOf = (file: string): string => `file:///package/${file}`;

/**
 * Returns the package of a place as an editor's workspace. It contains the place's own file as in the editor: up to the
 * place.
 */
export async function packageWorkspace(place: Place): Promise<PackageWorkspace> {
  const thread = new IndexThread();
  const files = await sourceFiles(place.folder);
  const workspace = new ClientWorkspace({
    key: place.id,
    thread,
    openUris: () => [uriOf(place.path)],
    openText: (uri) => (uri === uriOf(place.path) ? place.before : undefined),
    pathOf: (uri) => uri.slice(uriOf('').length),
    source: {
      list: async () => ({ files: files.map((file) => ({ uri: uriOf(file), path: file })) }),
      read: async (uris) => ({
        files: await Promise.all(
          uris.map(async (uri) => ({
            uri,
            text: await readFile(path.join(place.folder, uri.slice(uriOf('').length)), 'utf8'),
          })),
        ),
        remaining: [],
      }),
    },
  });
  workspace.start();
  await workspace.whenReady();
  return { workspace, [Symbol.asyncDispose]: () => thread.dispose() };
}

/** Returns the whole files that matter for a request, as the sidecar passes them to the engine after a pause. */
export async function textsFor(
  engine: Pick<Engine, 'tokenize'>,
  request: CompletionRequest,
): Promise<readonly (readonly TokenId[])[]> {
  let given: readonly (readonly TokenId[])[] = [];
  const texts = new WorkspaceTexts({
    tokenize: (text) => engine.tokenize(text),
    setTexts: async (params) => void (given = params.texts),
  });
  await texts.refresh('', request, new AbortController().signal);
  return given;
}
