import { StreamMessageReader, StreamMessageWriter, type Message } from 'vscode-jsonrpc/node';
import { describeClose } from '../client/connect.ts';
import { findOrStart, type LaunchOptions } from '../client/launch.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from '../client/webSocketTransport.ts';
import type { ChorusInitializationOptions, ChorusSettings } from '../protocol/client.ts';

export interface LspStdioOptions {
  readonly launch: LaunchOptions;
  /** From the command line; the editor's own `initializationOptions` go before them. */
  readonly settings?: ChorusSettings;
  readonly input?: NodeJS.ReadableStream;
  readonly output?: NodeJS.WritableStream;
}

/**
 * `chorus lsp --stdio`: an editor that speaks LSP over a pipe reaches the shared sidecar. Messages pass unchanged, but `initialize` gets
 * `initializationOptions` where the editor gives none. Resolves with the exit code when either side ends. Throws `SidecarError`.
 */
export async function bridgeStdio(options: LspStdioOptions): Promise<number> {
  // Read from the start: an editor sends `initialize` while the sidecar is still coming up.
  const reader = new StreamMessageReader(options.input ?? process.stdin);
  const writer = new StreamMessageWriter(options.output ?? process.stdout);
  const { socket } = await findOrStart(options.launch);
  const socketReader = new WebSocketMessageReader(socket);
  const socketWriter = new WebSocketMessageWriter(socket);

  return new Promise((resolve) => {
    let sawExit = false;
    const leave = (code: number, why?: string): void => {
      if (why !== undefined) process.stderr.write(`chorus lsp: ${why}\n`);
      socket.close();
      resolve(code);
    };
    const pass = (work: Promise<void>): void => {
      work.catch((error: unknown) => leave(1, error instanceof Error ? error.message : String(error)));
    };
    socket.once('close', (code, reason) => leave(sawExit ? 0 : 1, sawExit ? undefined : describeClose(code, reason.toString())));
    reader.onClose(() => leave(0));
    reader.onError((error) => leave(1, `the editor's stream is not LSP: ${error.message}`));
    reader.listen((message) => {
      if (methodOf(message) === 'exit') sawExit = true;
      pass(socketWriter.write(withInitializationOptions(message, options)));
    });
    socketReader.listen((message) => pass(writer.write(message)));
  });
}

function methodOf(message: Message): string | undefined {
  return (message as { method?: string }).method;
}

function withInitializationOptions(message: Message, options: LspStdioOptions): Message {
  if (methodOf(message) !== 'initialize') return message;
  const { params } = message as { params?: { initializationOptions?: Partial<ChorusInitializationOptions> } };
  const initializationOptions: ChorusInitializationOptions = {
    clientKind: 'lsp-stdio',
    clientVersion: options.launch.clientVersion,
    ...(options.settings ? { settings: options.settings } : {}),
    ...params?.initializationOptions,
  };
  return { ...message, params: { ...params, initializationOptions } } as Message;
}
