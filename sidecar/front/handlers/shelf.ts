import {
  DOWNLOAD_REQUEST,
  IMPORT_MODEL_REQUEST,
  REMOVE_MODEL_REQUEST,
  SHELF_REQUEST,
  type DownloadProgress,
  type DownloadResult,
  type DownloadSettings,
} from '../../protocol/client.ts';
import type { RequestType } from '../../protocol/messages.ts';
import type { Shelf, ShelfSettings } from '../../shelf/shelf.ts';
import type { Client } from '../client.ts';
import { machineOf } from '../machine.ts';
import type { FrontModelSession } from '../modelSession.ts';
import { throttled } from '../throttled.ts';
import { downloadModel, importModel, nothing, removeModel } from '../schemas.ts';

/** Lists models to choose, downloads, imports and removes them. */
export function handleShelf(
  client: Client,
  { shelf, session }: { readonly shelf: Shelf; readonly session: FrontModelSession },
): void {
  const { connection } = client;
  const downloads = (): DownloadSettings => client.settings.downloads ?? {};
  const settings = (): ShelfSettings => {
    const { device = 'auto', contextSizeTokens = 0 } = client.settings;
    return {
      downloads: downloads(),
      contextSizeTokens,
      machine: () => machineOf(session, device),
      chosenPath: () => session.chosenModelPath(),
    };
  };
  const progressTo = (
    type: RequestType<never, unknown, DownloadProgress>,
    token: string | number | undefined,
  ): ((progress: DownloadProgress) => void) => throttled((progress) => connection.progress(type, token, progress));

  connection.onRequest(SHELF_REQUEST, nothing, () => shelf.list(settings()));
  connection.onRequest(
    DOWNLOAD_REQUEST,
    downloadModel,
    ({ partialResultToken, ...wanted }, signal): Promise<DownloadResult> =>
      shelf.download(wanted, settings(), { signal, onProgress: progressTo(DOWNLOAD_REQUEST, partialResultToken) }),
  );
  connection.onRequest(
    IMPORT_MODEL_REQUEST,
    importModel,
    async ({ partialResultToken, path }, signal): Promise<DownloadResult> => {
      const onProgress = progressTo(IMPORT_MODEL_REQUEST, partialResultToken);
      return { path: await shelf.import(path, downloads(), { signal, onProgress }) };
    },
  );
  connection.onRequest(REMOVE_MODEL_REQUEST, removeModel, async (params) => {
    await shelf.remove(params, settings());
    return null;
  });
}
