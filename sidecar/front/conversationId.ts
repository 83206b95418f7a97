import type { Client } from './client.ts';

/** A client's own id of a conversation, made unique among all clients. */
export function conversationId(client: Client, id: string): string {
  return `${client.key}/${id}`;
}
