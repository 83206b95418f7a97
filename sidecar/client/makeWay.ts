import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMessageConnection } from 'vscode-jsonrpc/node';
import type WebSocket from 'ws';
import { DRAIN_REQUEST, STOP_REQUEST, type DrainResult } from '../protocol/client.ts';
import { connect } from './connect.ts';
import { homeFiles } from '../common/home.ts';
import { SidecarError } from '../common/sidecarError.ts';
import { sendRequest } from '../common/typedMessages.ts';
import type { RequestType } from '../protocol/messages.ts';
import { readStateFile } from './stateFile.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from './webSocketTransport.ts';

/** Longer than a sidecar takes to finish its running requests. */
const LEAVE_TIMEOUT_MS = 20_000;

/**
 * Asks an older sidecar to end and waits until it closes the connection. Throws `SidecarError` 'incompatible' if it
 * refuses.
 */
export async function drain(socket: WebSocket, clientVersion: string, sidecarVersion: string): Promise<void> {
  const left = await askToLeave(socket, DRAIN_REQUEST, { clientVersion });
  if (!left) {
    throw new SidecarError(
      'incompatible',
      `The older sidecar (Chorus ${sidecarVersion}) did not make way for Chorus ${clientVersion}. Close the older windows.`,
    );
  }
}

/**
 * Stops the running sidecar for the uninstall hook, whatever its version and its clients. Returns false if none is
 * running, or if it did not end in time. Never ends the process from outside.
 */
export async function stopRunning(homeFolder?: string): Promise<boolean> {
  const state = await readStateFile(homeFiles(homeFolder).stateFile);
  if (!state) return false;
  const socket = await connect(state).catch(() => undefined);
  return socket !== undefined && askToLeave(socket, STOP_REQUEST, {});
}

/** Returns whether the sidecar closed the connection after the request, which needs no `initialize`. */
async function askToLeave<Params>(
  socket: WebSocket,
  type: RequestType<Params, DrainResult | null>,
  params: NoInfer<Params>,
): Promise<boolean> {
  const closed = once(socket, 'close');
  const connection = createMessageConnection(new WebSocketMessageReader(socket), new WebSocketMessageWriter(socket));
  connection.onError(() => undefined);
  connection.listen();
  const timeout = new AbortController();
  const ask = async (): Promise<boolean> => {
    const answer = await Promise.race([sendRequest(connection, type, params), closed.then(() => null)]);
    if (answer?.accepted === false) return false;
    await closed;
    return true;
  };
  try {
    return await Promise.race([ask(), sleep(LEAVE_TIMEOUT_MS, false, { signal: timeout.signal })]);
  } finally {
    timeout.abort();
    connection.dispose();
    socket.terminate();
  }
}
