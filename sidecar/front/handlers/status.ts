import { STATUS_NOTIFICATION, STATUS_REQUEST } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import type { ClientServices } from '../clientServices.ts';
import { nothing } from '../schemas.ts';

/** Returns the status on request, and sends it once when a client is initialized. */
export function handleStatus(client: Client, services: ClientServices): void {
  client.connection.onRequest(STATUS_REQUEST, nothing, () => services.status);
  client.connection.onNotification('initialized', nothing, () =>
    client.connection.notify(STATUS_NOTIFICATION, services.status),
  );
}
