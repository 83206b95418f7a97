import type { ChatService } from '../../chat/chatService.ts';
import { EDIT_REQUEST } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import { edit } from '../schemas.ts';

/** New text for a range, streamed. */
export function handleEdit(client: Client, chatService: ChatService): void {
  client.connection.onRequest(EDIT_REQUEST, edit, (params, signal) =>
    chatService.edit(
      params,
      client.settings.chat ?? {},
      (chunk) => client.connection.progress(params.partialResultToken, chunk),
      signal,
    ),
  );
}
