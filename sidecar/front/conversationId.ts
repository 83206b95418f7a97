import type { Client } from './client.ts';

/** Returns a client's conversation id, made unique among all clients. */
export function conversationId(client: Client, id: string): string {
  return `${client.key}/${id}`;
}
