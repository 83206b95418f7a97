import { LOAD_REQUEST, LOCAL_MODELS_REQUEST, type LocalModel } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import type { FrontModelSession } from '../modelSession.ts';
import { nothing } from '../schemas.ts';

/** Which models this machine has, and loading the chosen one. */
export function handleModels(client: Client, services: { session: FrontModelSession; localModels: () => Promise<readonly LocalModel[]> }): void {
  client.connection.onRequest(LOCAL_MODELS_REQUEST, nothing, () => services.localModels());
  client.connection.onRequest(LOAD_REQUEST, nothing, async () => {
    await services.session.loadNow();
    return null;
  });
}
