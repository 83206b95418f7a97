import WebSocket from 'ws';
import { MAX_FRAME_BYTES } from '../protocol/client.ts';
import { SidecarError } from './sidecarError.ts';
import type { SidecarState } from './stateFile.ts';

/** Response header of the handshake: the sidecar's own proof. */
export const SERVER_TOKEN_HEADER = 'chorus-server-token';

/** Why the sidecar closed a connection, as WebSocket close codes. Every other code means that it did not end in order. */
export const CloseCodes = {
  leaving: 1001,
  drained: 4001,
  stopped: 4002,
} as const;

/** Words for a connection's end. */
export function describeClose(code: number, reason: string): string {
  if (code === 1006) return 'The Chorus sidecar ended unexpectedly.';
  return `The Chorus sidecar closed the connection${reason ? `: ${reason}` : ''} (code ${code}).`;
}

const CONNECT_TIMEOUT_MS = 3_000;

/** A server gives up a handshake that came too slowly. So may a sidecar that was stopped in between. */
const REQUEST_TIMEOUT = 408;

/**
 * Opens an authenticated connection to the sidecar that wrote `state`. Both sides have proven themselves when this resolves.
 * Throws `SidecarError`: 'not-running' when the port refuses the connection, 'refused' when what answers is not this sidecar, 'unreachable'
 * when nothing answers in time, 'full' when it has no place for one more client. The first two alone say that the sidecar is gone.
 */
export async function connect(state: SidecarState): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${state.port}/`, {
    headers: { authorization: `Bearer ${state.token}` },
    handshakeTimeout: CONNECT_TIMEOUT_MS,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    followRedirects: false,
  });
  return new Promise((resolve, reject) => {
    let isUpgraded = false;
    let proven = false;
    const fail = (error: SidecarError): void => {
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.terminate();
      reject(error);
    };
    socket.once('upgrade', (response) => {
      isUpgraded = true;
      proven = response.headers[SERVER_TOKEN_HEADER] === state.serverToken;
    });
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      if (response.statusCode === 503 && response.headers[SERVER_TOKEN_HEADER] === state.serverToken) {
        fail(new SidecarError('full', 'The sidecar has as many clients as it takes. Close a window or end a `chorus` command.'));
        return;
      }
      const code = response.statusCode === REQUEST_TIMEOUT ? 'unreachable' : 'refused';
      fail(new SidecarError(code, `The sidecar on port ${state.port} refused the connection with HTTP status ${response.statusCode}`));
    });
    const stranger = (cause?: Error): SidecarError => new SidecarError('refused', `What answers on port ${state.port} is not the sidecar of the state file`, { cause });
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      // Node's parser says so of an answer that is no HTTP.
      if ((isUpgraded && !proven) || cause.code?.startsWith('HPE_')) fail(stranger(cause));
      else if (cause.code === 'ECONNREFUSED') fail(new SidecarError('not-running', `No sidecar listens on port ${state.port}: ${cause.message}`, { cause }));
      else fail(new SidecarError('unreachable', `No sidecar answers on port ${state.port}: ${cause.message}`, { cause }));
    });
    socket.once('open', () => {
      if (!proven) {
        fail(stranger());
        return;
      }
      socket.removeAllListeners('error');
      socket.removeAllListeners('unexpected-response');
      // Errors come with a close, and the close is what clients act on.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}
