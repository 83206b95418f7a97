import { LSPErrorCodes, MessageType } from 'vscode-languageserver-protocol';
import {
  Message,
  StreamMessageReader,
  StreamMessageWriter,
  type ContentTypeDecoder,
  type RequestMessage,
  type ResponseMessage,
} from 'vscode-jsonrpc/node';
import WebSocket from 'ws';
import { CloseCodes, describeClose } from '../client/connect.ts';
import { findOrStart } from '../client/launch.ts';
import type { LaunchOptions } from '../client/launchOptions.ts';
import { parseJson } from '../common/parseJson.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from '../client/webSocketTransport.ts';
import {
  FORGET_WORKSPACE_REQUEST,
  type ChorusInitializationOptions,
  type ChorusSettings,
  type ForgetWorkspaceParams,
} from '../protocol/client.ts';
import { EditorState, isDraining } from './editorState.ts';
import { SecretDocuments } from './secretDocuments.ts';
import { writeForeignText } from './terminal.ts';

export interface LspStdioOptions {
  readonly launch: LaunchOptions;
  /** Settings from the command line. The editor's own `initializationOptions` take precedence. */
  readonly settings?: ChorusSettings;
  readonly input?: NodeJS.ReadableStream;
  readonly output?: NodeJS.WritableStream;
}

/**
 * `chorus lsp --stdio`: connects an editor that speaks LSP over a pipe to the shared sidecar. Messages pass unchanged,
 * with two exceptions. `initialize` gets `initializationOptions` if the editor sends none, and messages about secret
 * documents are held back. If a newer sidecar takes over, the bridge connects to it without the editor noticing.
 * Resolves with the exit code when either side ends. Rejects with `SidecarError`.
 */
export async function bridgeStdio(options: LspStdioOptions): Promise<number> {
  // Reads from the start, since an editor sends `initialize` while the sidecar still starts.
  const reader = new StreamMessageReader(options.input ?? process.stdin, { contentTypeDecoder: boundedMessages });
  const writer = new StreamMessageWriter(options.output ?? process.stdout);
  const { socket } = await findOrStart(options.launch);
  return new Promise((resolve) => new Bridge(options, reader, writer, resolve).run(socket));
}

/** An editor's JSON is parsed with the same limits as that of other clients. */
const boundedMessages: ContentTypeDecoder = {
  name: 'application/json',
  decode: async (bytes, { charset }) => parseJson(Buffer.from(bytes).toString(charset)) as Message,
};

/** How long to wait for the editor's last messages, and for the sidecar's responses to them. */
const LAST_MESSAGES_MS = 500;
const GOODBYE_MS = 10_000;

/** Ids of the requests that the bridge itself sends. No editor uses them. */
const OWN_INITIALIZE = 'chorus-lsp-initialize-again';
const OWN_FORGET = 'chorus-lsp-forget';

class Bridge {
  readonly #editor = new EditorState();
  readonly #secrets = new SecretDocuments((uri, reason) => this.#tell(`Chorus leaves ${uri} alone: ${reason}.`));
  /** Resolves when the last received message was passed on or held back. */
  #passing: Promise<void> = Promise.resolve();
  #socket: WebSocket | undefined;
  /** `undefined` while the bridge changes to another sidecar. */
  #toSidecar: WebSocketMessageWriter | undefined;
  #sawExit = false;

  constructor(
    private readonly options: LspStdioOptions,
    private readonly reader: StreamMessageReader,
    private readonly writer: StreamMessageWriter,
    private readonly end: (code: number) => void,
  ) {}

  run(socket: WebSocket): void {
    this.#toSidecar = this.#attach(socket);
    this.reader.onClose(() => this.#editorEnded());
    this.reader.onError((error) => this.#leave(1, `the editor's stream is not LSP: ${error.message}`));
    this.reader.listen((message) => {
      this.#passing = this.#passing
        .then(() => this.#unlessSecret(message))
        .catch((error: unknown) => this.#leave(1, messageOf(error)));
    });
  }

  /**
   * Messages that came with the end of the stream are still on their way. After `exit` the sidecar answers them and
   * closes the connection itself.
   */
  #editorEnded(): void {
    setTimeout(() => {
      if (!this.#sawExit) return this.#leave(0);
      setTimeout(() => this.#leave(0), GOODBYE_MS);
    }, LAST_MESSAGES_MS);
  }

  #attach(socket: WebSocket): WebSocketMessageWriter {
    this.#socket = socket;
    const toSidecar = new WebSocketMessageWriter(socket);
    socket.once('close', (code, reason) => this.#closed(code, reason.toString()));
    new WebSocketMessageReader(socket).listen((message) => {
      if (Message.isResponse(message) && message.id === OWN_INITIALIZE) this.#replay(toSidecar);
      else if (Message.isResponse(message) && message.id === OWN_FORGET) this.#forgotten(message);
      else if (this.#editor.answered(message)) this.#toEditor(message);
    });
    return toSidecar;
  }

  async #unlessSecret(message: Message): Promise<void> {
    if (!(await this.#secrets.keeps(message))) this.#fromEditor(withInitializationOptions(message, this.options));
    else if (Message.isRequest(message)) this.#toEditor({ jsonrpc: '2.0', id: message.id, result: null } as Message);
  }

  #fromEditor(message: Message): void {
    this.#editor.sent(message);
    if (this.#toSidecar) {
      if (methodOf(message) === 'exit') this.#sawExit = true;
      this.#pass(this.#toSidecar, message);
    } else if (methodOf(message) === 'exit') {
      this.#leave(0);
    } else if (methodOf(message) === '$/cancelRequest') {
      const { id } = (message as { params?: { id?: string | number } }).params ?? {};
      if (id === undefined || !this.#editor.cancel(id)) return;
      const error = { code: LSPErrorCodes.RequestCancelled, message: 'Cancelled' };
      this.#toEditor({ jsonrpc: '2.0', id, error } as Message);
    }
  }

  #closed(code: number, reason: string): void {
    this.#toSidecar = undefined;
    if (this.#sawExit) this.#leave(0);
    else if (code === CloseCodes.drained)
      this.#toSuccessor().catch((error: unknown) => this.#leave(1, messageOf(error)));
    else this.#leave(1, describeClose(code, reason));
  }

  async #toSuccessor(): Promise<void> {
    const { socket } = await findOrStart(this.options.launch);
    const toSidecar = this.#attach(socket);
    const { initialize } = this.#editor;
    if (initialize) this.#write(toSidecar, { ...initialize, id: OWN_INITIALIZE } as RequestMessage);
    else this.#replay(toSidecar);
  }

  /** Sends the next sidecar the editor's state. From then on messages pass. */
  #replay(toSidecar: WebSocketMessageWriter): void {
    this.#toSidecar = toSidecar;
    for (const message of this.#editor.replay()) this.#pass(toSidecar, message);
  }

  #write(toSidecar: WebSocketMessageWriter, message: Message): void {
    const socket = this.#socket;
    toSidecar.write(message).catch((error: unknown) => {
      // When the socket closes, its close event decides what to do.
      if (socket?.readyState === WebSocket.OPEN) this.#leave(1, messageOf(error));
    });
  }

  /**
   * Passes a message of the editor on. After `initialized`, also asks to delete contexts that were evaluated under
   * other rules for secret files.
   */
  #pass(toSidecar: WebSocketMessageWriter, message: Message): void {
    this.#write(toSidecar, message);
    if (methodOf(message) === 'initialized')
      this.#write(toSidecar, {
        jsonrpc: '2.0',
        id: OWN_FORGET,
        method: FORGET_WORKSPACE_REQUEST.method,
        params: { unlessRules: this.#secrets.rules } satisfies ForgetWorkspaceParams,
      } as RequestMessage);
  }

  #forgotten(answer: ResponseMessage): void {
    const { error } = answer;
    if (error && !isDraining(answer))
      this.#tell(
        `Contexts of this workspace that were kept under other rules for secret files could not be deleted: ${error.message}`,
      );
  }

  /** Writes a message to the editor's log. */
  #tell(message: string): void {
    this.#toEditor({
      jsonrpc: '2.0',
      method: 'window/logMessage',
      params: { type: MessageType.Info, message },
    } as Message);
  }

  #toEditor(message: Message): void {
    this.writer.write(message).catch((error: unknown) => this.#leave(1, messageOf(error)));
  }

  #leave(code: number, why?: string): void {
    if (why !== undefined) writeForeignText(process.stderr, `chorus lsp: ${why}\n`);
    this.#socket?.close();
    this.end(code);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
