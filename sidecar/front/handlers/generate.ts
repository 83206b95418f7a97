import { COUNT_TOKENS_REQUEST, GENERATE_REQUEST } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import type { Chatting } from '../clientServices.ts';
import { conversationId } from '../conversationId.ts';
import { countTokens, generate } from '../schemas.ts';

/** Generates from messages or plain text, without a prompt of Chorus's own, for `vscode.lm` and the command line. */
export function handleGenerate(client: Client, chatting: Chatting): void {
  client.connection.onRequest(GENERATE_REQUEST, generate, (params, signal) => {
    const asked =
      params.conversationId === undefined
        ? params
        : {
            ...params,
            conversationId: conversationId(client, params.conversationId),
            contextSet: client.keepingAsked(),
          };
    return chatting.generate(
      asked,
      client.settings.chat ?? {},
      (part) => client.connection.progress(GENERATE_REQUEST, params.partialResultToken, part),
      signal,
    );
  });
  client.connection.onRequest(COUNT_TOKENS_REQUEST, countTokens, (params) => chatting.countTokens(params));
}
