/**
 * Runs when VS Code has removed the extension, as plain Node without `vscode`: stops the sidecar and removes what Chorus wrote outside
 * VS Code's storage. A sidecar is asked over its own authenticated connection; no process is ended by its number.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createMessageConnection } from 'vscode-jsonrpc/node';
import { homeFolder } from '../sidecar/client/home.ts';
import { findRunning } from '../sidecar/client/launch.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from '../sidecar/client/webSocketTransport.ts';
import { STOP_REQUEST } from '../sidecar/protocol/client.ts';

const STOP_TIMEOUT_MS = 10_000;

async function stopSidecar(folder: string): Promise<void> {
  const attachment = await findRunning({ homeFolder: folder, clientVersion: extensionVersion() });
  if (!attachment) return;
  const { socket } = attachment;
  const closed = once(socket, 'close');
  const connection = createMessageConnection(new WebSocketMessageReader(socket), new WebSocketMessageWriter(socket));
  connection.listen();
  // The answer may be lost with the connection: what counts is that it closes.
  connection.sendRequest(STOP_REQUEST).catch(() => undefined);
  await Promise.race([closed, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  connection.dispose();
  socket.terminate();
}

function extensionVersion(): string {
  const manifest = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

const folder = homeFolder();
try {
  await stopSidecar(folder);
} catch {
  // A sidecar that cannot be reached leaves by itself when its last client has gone.
}
await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
