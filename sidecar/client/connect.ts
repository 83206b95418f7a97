import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import { MAX_FRAME_BYTES } from '../protocol/client.ts';
import { SidecarError } from '../common/sidecarError.ts';
import type { SidecarState } from './stateFile.ts';

/** Response header of the handshake: the sidecar's own proof. */
export const SERVER_TOKEN_HEADER = 'chorus-server-token';

/**
 * Why the sidecar closed a connection, as WebSocket close codes. Every other code means that it did not end in order.
 */
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
 * Opens an authenticated connection to the sidecar that wrote `state`. Both sides have proven themselves when this
 * resolves. Throws `SidecarError`: 'not-running' when the port refuses the connection, 'refused' when what answers is
 * not this sidecar, 'unreachable' when nothing answers in time, 'full' when it has no place for one more client. The
 * first two alone say that the sidecar is gone.
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
      // Errors come with a close, and the close is what clients act on.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** What the other side has shown of itself so far. */
type Answer = 'none' | 'foreign' | 'proven';

/** An answer over HTTP that opens no connection. */
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

/** No answer, or one that is no HTTP. */
function failure(state: SidecarState, answer: Answer, cause: NodeJS.ErrnoException): SidecarError {
  // Node's parser says so of an answer that is no HTTP.
  if (answer === 'foreign' || cause.code?.startsWith('HPE_')) return stranger(state, cause);
  if (cause.code === 'ECONNREFUSED')
    return new SidecarError('not-running', `No sidecar listens on port ${state.port}: ${cause.message}`, { cause });
  return new SidecarError('unreachable', `No sidecar answers on port ${state.port}: ${cause.message}`, { cause });
}

function stranger({ port }: SidecarState, cause?: Error): SidecarError {
  return new SidecarError('refused', `What answers on port ${port} is not the sidecar of the state file`, { cause });
}
