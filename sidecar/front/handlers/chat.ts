import { namedDefinitions } from '../../chat/namedDefinitions.ts';
import { workspaceItems } from '../../chat/workspaceItems.ts';
import { CHAT_REQUEST, type ChatResult } from '../../protocol/client.ts';
import type { IndexThread } from '../../workspaceIndex/indexThread.ts';
import type { Client } from '../client.ts';
import type { Chatting } from '../clientServices.ts';
import { conversationId } from '../conversationId.ts';
import { chat } from '../schemas.ts';

/** Answers a turn of a conversation, streamed. */
export function handleChat(client: Client, chatting: Chatting, index: Pick<IndexThread, 'ask'>): void {
  client.connection.onRequest(CHAT_REQUEST, chat, async (params, signal): Promise<ChatResult> => {
    const contextSet = client.keepingAsked();
    const found = await workspaceItems(client.files, params);
    const context = [...(params.context ?? []), ...found.items.map(({ item }) => item)];
    const named = await namedDefinitions(
      client.settings.context?.maxTokens === 0 ? undefined : client.files,
      params.messages,
      context,
    );
    const { unreadContext, ...result } = await chatting.chat(
      {
        ...params,
        context,
        definitions: new Map([...named].map(([message, items]) => [message, items.map(({ item }) => item)])),
        factsOf: ({ uri = '', text, languageId = '' }) => index.ask('codeFacts', { uri, text, languageId }),
        conversationId: conversationId(client, params.conversationId),
        contextSet,
      },
      client.settings.chat ?? {},
      (chunk) => client.connection.progress(CHAT_REQUEST, params.partialResultToken, chunk),
      signal,
    );
    const last = params.messages.findLast(({ role }) => role === 'user');
    const sources = [...found.items, ...((last && named.get(last)) ?? [])]
      .filter(({ item }) => !unreadContext.includes(item))
      .map(({ place }) => place);
    return {
      ...result,
      ...(sources.length > 0 ? { sources } : {}),
      ...(found.missingSymbols.length > 0 ? { missingSymbols: found.missingSymbols } : {}),
    };
  });
}
