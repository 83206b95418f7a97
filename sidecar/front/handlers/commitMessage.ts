import { COMMIT_MESSAGE_REQUEST } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import type { Chatting } from '../clientServices.ts';
import { commitMessage } from '../schemas.ts';

/** Writes a commit message for a diff. */
export function handleCommitMessage(client: Client, chatting: Chatting): void {
  client.connection.onRequest(COMMIT_MESSAGE_REQUEST, commitMessage, (params, signal) =>
    chatting.commitMessage(params, client.settings.chat ?? {}, signal),
  );
}
