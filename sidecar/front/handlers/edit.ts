import { EDIT_REQUEST } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import type { Chatting } from '../clientServices.ts';
import { edit } from '../schemas.ts';

/** Returns new text for a range, streamed. */
export function handleEdit(client: Client, chatting: Chatting): void {
  client.connection.onRequest(EDIT_REQUEST, edit, (params, signal) =>
    chatting.edit(
      params,
      client.settings.chat ?? {},
      (chunk) => client.connection.progress(EDIT_REQUEST, params.partialResultToken, chunk),
      signal,
    ),
  );
}
