import { STATUS_NOTIFICATION, STATUS_REQUEST } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import type { FrontModelSession } from '../modelSession.ts';
import { nothing } from '../schemas.ts';

/** The status on request, and once when a client is ready to hear it. */
export function handleStatus(client: Client, session: FrontModelSession): void {
  client.connection.onRequest(STATUS_REQUEST, nothing, () => session.status);
  client.connection.onNotification('initialized', nothing, () => client.connection.notify(STATUS_NOTIFICATION, session.status));
}
