import { workspaceItems } from '../../chat/workspaceItems.ts';
import { CHAT_REQUEST, type ChatResult } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import type { Chatting } from '../clientServices.ts';
import { conversationId } from '../conversationId.ts';
import { chat } from '../schemas.ts';

/** A turn of a conversation, streamed. */
export function handleChat(client: Client, chatting: Chatting): void {
  client.connection.onRequest(CHAT_REQUEST, chat, async (params, signal): Promise<ChatResult> => {
    const kept = client.keepingAsked();
    const found = await workspaceItems(client.files, params);
    const { unreadContext, ...result } = await chatting.chat(
      {
        ...params,
        context: [...(params.context ?? []), ...found.items.map(({ item }) => item)],
        conversationId: conversationId(client, params.conversationId),
        get contextSet() {
          return kept();
        },
      },
      client.settings.chat ?? {},
      (chunk) => client.connection.progress(params.partialResultToken, chunk),
      signal,
    );
    const sources = found.items.filter(({ item }) => !unreadContext.includes(item)).map(({ place }) => place);
    return { ...result, ...(sources.length > 0 ? { sources } : {}), ...(found.missingSymbols.length > 0 ? { missingSymbols: found.missingSymbols } : {}) };
  });
}
