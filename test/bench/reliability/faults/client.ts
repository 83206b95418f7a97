/**
 * A client in its own process. It starts or finds the sidecar and does one step of the work. Its parent sends it a
 * `ClientTask`, and it reports its progress and its outcome.
 */
import { once } from 'node:events';
import { createMessageConnection, NullLogger, type MessageConnection } from 'vscode-jsonrpc/node';
import { describeClose } from '../../../../sidecar/client/connect.ts';
import { sendNotification, sendRequest } from '../../../../sidecar/common/typedMessages.ts';
import { findOrStart } from '../../../../sidecar/client/launch.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from '../../../../sidecar/client/webSocketTransport.ts';
import {
  DOWNLOAD_REQUEST,
  FORGET_WORKSPACE_REQUEST,
  GENERATE_REQUEST,
  INITIALIZE_REQUEST,
  INITIALIZED_NOTIFICATION,
  IMPORT_MODEL_REQUEST,
  type ChorusSettings,
  type DownloadProgress,
} from '../../../../sidecar/protocol/client.ts';

export interface ClientTask {
  readonly step: 'start' | 'load' | 'keep' | 'download' | 'import' | 'forget';
  readonly sidecarScript: string;
  readonly version: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly settings: ChorusSettings;
  readonly workspaceKey: string;
  /** The file of an imported model. */
  readonly importPath: string;
}

export type ClientNews =
  /** The client is connected. */
  | { readonly kind: 'connected'; readonly afterMs: number; readonly pid: number }
  /** The step's own work has begun. */
  | { readonly kind: 'working' }
  | { readonly kind: 'done'; readonly answers: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };

const SHORT_PROMPT = 'const total = items.reduce((sum, item) => sum + item.price, 0);';
/** Tokens are letters, so this is enough for four kept chunks. */
const LONG_PROMPT = Array.from({ length: 40 }, (_, line) => `const value${line} = compute(${line * 7});`).join('\n');
const CONVERSATION = 'faults';

const tell = (news: ClientNews): boolean | undefined => process.send?.(news);

process.once('message', (task: ClientTask) => {
  run(task)
    .then(
      (answers) => tell({ kind: 'done', answers }),
      (error: unknown) => tell({ kind: 'failed', message: messageOf(error) }),
    )
    .finally(() => process.disconnect());
});

async function run(task: ClientTask): Promise<readonly string[]> {
  const begun = performance.now();
  const { socket, state } = await findOrStart({
    sidecarScript: task.sidecarScript,
    clientVersion: task.version,
    homeFolder: task.home,
    env: task.env,
  });
  const closed = new Promise<never>((_, reject) => {
    socket.once('close', (code, reason) => reject(new Error(describeClose(code, reason.toString()))));
  });
  closed.catch(() => undefined);
  const connection = createMessageConnection(
    new WebSocketMessageReader(socket),
    new WebSocketMessageWriter(socket),
    NullLogger,
  );
  connection.onError(() => undefined);
  connection.listen();
  const { settings, workspaceKey, version } = task;
  const initialize = {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
    initializationOptions: { clientKind: 'faults', clientVersion: version, settings, workspaceKey },
  };
  try {
    await Promise.race([sendRequest(connection, INITIALIZE_REQUEST, initialize), closed]);
    sendNotification(connection, INITIALIZED_NOTIFICATION, {}).catch(() => undefined);
    tell({ kind: 'connected', afterMs: performance.now() - begun, pid: state.pid });
    return await Promise.race([work(connection, task), closed]);
  } finally {
    connection.dispose();
    socket.terminate();
  }
}

async function work(connection: MessageConnection, { step, importPath }: ClientTask): Promise<readonly string[]> {
  const ask = async (prompt: string, conversationId?: string): Promise<string> =>
    (
      await sendRequest(connection, GENERATE_REQUEST, {
        prompt,
        conversationId,
        temperature: 0,
        maxTokens: 12,
      })
    ).text;
  connection.onNotification('$/progress', ({ value }: { value: DownloadProgress }) => {
    if (value.receivedBytes > 0) tell({ kind: 'working' });
  });
  switch (step) {
    case 'start':
      return [];
    case 'load':
      // The work began with the connection.
      return [await ask(SHORT_PROMPT)];
    case 'keep': {
      const answers = [await ask(SHORT_PROMPT), await ask(LONG_PROMPT, CONVERSATION)];
      // The sidecar keeps the evaluated context when this client leaves.
      await wait();
      return answers;
    }
    case 'forget':
      await ask(LONG_PROMPT, CONVERSATION);
      await wait();
      await sendRequest(connection, FORGET_WORKSPACE_REQUEST, {});
      return [];
    case 'download':
      await sendRequest(connection, DOWNLOAD_REQUEST, { partialResultToken: 1, id: 'smollm2-135m' });
      return [];
    case 'import':
      await sendRequest(connection, IMPORT_MODEL_REQUEST, { partialResultToken: 1, path: importPath });
      return [];
  }
}

/** Waits for the parent's message. */
async function wait(): Promise<void> {
  const goesOn = once(process, 'message');
  tell({ kind: 'working' });
  await goesOn;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { detail, data } = error as { detail?: unknown; data?: { detail?: unknown } };
  return [error.message, detail, data?.detail].filter((text) => typeof text === 'string').join('\n');
}
