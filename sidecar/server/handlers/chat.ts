import type { ChatService } from '../../chat/chatService.ts';
import { CHAT_REQUEST } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import { conversationId } from '../conversationId.ts';
import { chat } from '../schemas.ts';

/** A turn of a conversation, streamed. */
export function handleChat(client: Client, chatService: ChatService): void {
  client.connection.onRequest(CHAT_REQUEST, chat, (params, signal) =>
    chatService.chat(
      { ...params, conversationId: conversationId(client, params.conversationId), contextSet: client.contextSet },
      client.settings.chat ?? {},
      (chunk) => client.connection.progress(params.partialResultToken, chunk),
      signal,
    ),
  );
}
