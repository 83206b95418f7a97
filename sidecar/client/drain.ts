import { createMessageConnection } from 'vscode-jsonrpc/node';
import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import type WebSocket from 'ws';
import { DRAIN_REQUEST, type DrainParams, type DrainResult } from '../protocol/client.ts';
import { SidecarError } from './sidecarError.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from './webSocketTransport.ts';

/** Longer than a sidecar lets its running requests finish. */
const DRAIN_TIMEOUT_MS = 20_000;

/** Asks an older sidecar to leave and waits until it has closed the connection. Throws `SidecarError` 'incompatible' when it will not. */
export async function drain(socket: WebSocket, clientVersion: string, sidecarVersion: string): Promise<void> {
  const closed = once(socket, 'close');
  const connection = createMessageConnection(new WebSocketMessageReader(socket), new WebSocketMessageWriter(socket));
  connection.listen();
  const timeout = new AbortController();
  const params: DrainParams = { clientVersion };
  const work = async (): Promise<boolean> => {
    const answer = await Promise.race([connection.sendRequest<DrainResult>(DRAIN_REQUEST, params), closed.then(() => ({ accepted: true }))]);
    if (!answer.accepted) return false;
    await closed;
    return true;
  };
  try {
    const left = await Promise.race([work(), sleep(DRAIN_TIMEOUT_MS, false, { signal: timeout.signal })]);
    if (!left) {
      throw new SidecarError('incompatible', `The older sidecar (Chorus ${sidecarVersion}) did not make way for Chorus ${clientVersion}. Close the older windows.`);
    }
  } finally {
    timeout.abort();
    connection.dispose();
    socket.terminate();
  }
}
