import { LOAD_REQUEST, LOCAL_MODELS_REQUEST, SERVER_MODELS_REQUEST, type ServerModel } from '../../protocol/client.ts';
import type { Shelf } from '../../shelf/shelf.ts';
import type { Client } from '../client.ts';
import { parseServerAddress } from '../../remoteServers/serverAddress.ts';
import { ServerConnection } from '../../remoteServers/serverConnection.ts';
import { serverFetch } from '../../remoteServers/serverFetch.ts';
import { listModelsIfAny } from '../../remoteServers/serverModels.ts';
import type { ClientServices } from '../clientServices.ts';
import { nothing, serverModels } from '../schemas.ts';

/** Lists the models of this machine and of a server, and loads the chosen model. */
export function handleModels(client: Client, services: ClientServices, { shelf }: { readonly shelf: Shelf }): void {
  client.connection.onRequest(LOCAL_MODELS_REQUEST, nothing, () => shelf.local(client.settings.downloads ?? {}));
  client.connection.onRequest(LOAD_REQUEST, nothing, async () => {
    await services.load();
    return null;
  });
  client.connection.onRequest(
    SERVER_MODELS_REQUEST,
    serverModels,
    async ({ url, ...access }, signal): Promise<readonly ServerModel[]> => {
      const address = parseServerAddress(url);
      const send = serverFetch({ address, allowHttp: access.allowHttp, network: client.settings.downloads?.network });
      const models = await listModelsIfAny(new ServerConnection({ address, ...access, fetch: send }), signal);
      return models.map(({ id, contextSizeTokens }) => ({ id, ...(contextSizeTokens ? { contextSizeTokens } : {}) }));
    },
  );
}
