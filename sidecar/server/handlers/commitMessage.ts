import type { ChatService } from '../../chat/chatService.ts';
import { COMMIT_MESSAGE_REQUEST } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import { commitMessage } from '../schemas.ts';

/** A commit message for a diff. */
export function handleCommitMessage(client: Client, chatService: ChatService): void {
  client.connection.onRequest(COMMIT_MESSAGE_REQUEST, commitMessage, (params, signal) =>
    chatService.commitMessage(params, client.settings.chat ?? {}, signal),
  );
}
