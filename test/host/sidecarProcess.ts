/** The sidecar's process as seen from outside, for tests and `npm start`. */
import { createMessageConnection } from 'vscode-jsonrpc/node';
import { readFileSync } from 'node:fs';
import { connect } from '../../sidecar/client/connect.ts';
import { homeFiles } from '../../sidecar/client/home.ts';
import { readStateFile } from '../../sidecar/client/stateFile.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from '../../sidecar/client/webSocketTransport.ts';
import { STOP_REQUEST } from '../../sidecar/protocol/client.ts';
import { waitFor } from './waitFor.ts';

/** Asks the sidecar of a home to stop, if one runs. */
export async function stopSidecar(home: string): Promise<void> {
  const state = await readStateFile(homeFiles(home).stateFile);
  if (!state || !isRunning(state.pid)) return;
  const socket = await connect(state);
  const connection = createMessageConnection(new WebSocketMessageReader(socket), new WebSocketMessageWriter(socket));
  connection.listen();
  await connection.sendRequest(STOP_REQUEST).catch(() => undefined);
  connection.dispose();
  socket.terminate();
  await waitFor('the sidecar to stop', () => !isRunning(state.pid), 15_000);
}

/** Whether a process runs. One that has ended and waits for its parent to notice doesn't. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return status.charAt(status.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}
