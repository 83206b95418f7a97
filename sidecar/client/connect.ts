import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import { MAX_FRAME_BYTES } from '../protocol/client.ts';
import { SidecarError } from '../common/sidecarError.ts';
import type { SidecarState } from './stateFile.ts';

/** The response header of the handshake that proves the sidecar's identity. */
export const SERVER_TOKEN_HEADER = 'chorus-server-token';

/** WebSocket close codes with which the sidecar ends a connection in order. Any other code means a failure. */
export const CloseCodes = {
  leaving: 1001,
  drained: 4001,
  stopped: 4002,
} as const;

/** Describes why a connection ended. */
export function describeClose(code: number, reason: string): string {
  if (code === 1006) return 'The Chorus sidecar stopped unexpectedly.';
  return `The Chorus sidecar closed the connection${reason ? `: ${reason}` : ''} (code ${code}).`;
}

const CONNECT_TIMEOUT_MS = 3_000;

/** The status of a handshake that came too slowly. A sidecar that was stopped in between answers with it too. */
const REQUEST_TIMEOUT = 408;

/**
 * Opens an authenticated connection to the sidecar that wrote `state`. Both sides have proven their identity when this
 * resolves. Throws `SidecarError`:
 * - 'not-running' if the port refuses the connection: the sidecar is gone,
 * - 'refused' if the server is not this sidecar: the sidecar is gone,
 * - 'unreachable' if nothing answers in time,
 * - 'full' if the sidecar accepts no more clients.
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
    let answer: Answer = 'none';
    const fail = (error: SidecarError): void => {
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.terminate();
      reject(error);
    };
    socket.once('upgrade', ({ headers }) => {
      answer = headers[SERVER_TOKEN_HEADER] === state.serverToken ? 'proven' : 'foreign';
    });
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      fail(refusal(state, response));
    });
    socket.once('error', (cause) => fail(failure(state, answer, cause)));
    socket.once('open', () => {
      if (answer !== 'proven') {
        fail(stranger(state));
        return;
      }
      socket.removeAllListeners('error');
      socket.removeAllListeners('unexpected-response');
      // An error is followed by 'close', which clients handle.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** The identity that the server has shown so far. */
type Answer = 'none' | 'foreign' | 'proven';

/** The error for an HTTP response that opens no connection. */
function refusal({ port, serverToken }: SidecarState, { statusCode, headers }: IncomingMessage): SidecarError {
  if (statusCode === 503 && headers[SERVER_TOKEN_HEADER] === serverToken) {
    return new SidecarError(
      'full',
      'The sidecar has as many clients as it takes. Close a window or end a `chorus` command.',
    );
  }
  const code = statusCode === REQUEST_TIMEOUT ? 'unreachable' : 'refused';
  return new SidecarError(code, `The sidecar on port ${port} refused the connection with HTTP status ${statusCode}`);
}

/** The error for no response, or for a response that is not HTTP. */
function failure(state: SidecarState, answer: Answer, cause: NodeJS.ErrnoException): SidecarError {
  // The codes of Node's parser for a response that is not HTTP.
  if (answer === 'foreign' || cause.code?.startsWith('HPE_')) return stranger(state, cause);
  if (cause.code === 'ECONNREFUSED')
    return new SidecarError('not-running', `No sidecar listens on port ${state.port}: ${cause.message}`, { cause });
  return new SidecarError('unreachable', `No sidecar answers on port ${state.port}: ${cause.message}`, { cause });
}

function stranger({ port }: SidecarState, cause?: Error): SidecarError {
  return new SidecarError('refused', `What answers on port ${port} is not the sidecar of the state file`, { cause });
}
