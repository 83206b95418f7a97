import * as l10n from '@vscode/l10n';
import {
  BaseLanguageClient,
  CloseAction,
  ErrorAction,
  ErrorCodes as JsonRpcErrorCodes,
  LSPErrorCodes,
  ProgressType,
  ResponseError,
  RevealOutputChannelOn,
  State,
  type InitializeParams,
  type LanguageClientOptions,
  type MessageTransports,
  type Middleware,
} from 'vscode-languageclient/node';
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { WebSocket } from 'ws';
import { CloseCodes } from '../../sidecar/client/connect.ts';
import { homeFiles } from '../../sidecar/common/home.ts';
import { findOrStart } from '../../sidecar/client/launch.ts';
import type { LaunchOptions } from '../../sidecar/client/launchOptions.ts';
import { readLogTail } from '../../sidecar/client/launchLog.ts';
import { SidecarError } from '../../sidecar/common/sidecarError.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from '../../sidecar/client/webSocketTransport.ts';
import { sendRequest } from '../../sidecar/common/typedMessages.ts';
import { INLINE_COMPLETION_REQUEST, type ChorusInitializationOptions } from '../../sidecar/protocol/client.ts';
import type { RequestType } from '../../sidecar/protocol/messages.ts';
import { SYNCED_DOCUMENTS } from '../documents/schemes.ts';
import { traceWithoutContents } from './traceWithoutContents.ts';
import { TroubleError, troubleOf } from './troubleError.ts';

/** This module and its imports load with the first request, never at activation. */

export interface LanguageClientSetup {
  readonly launch: LaunchOptions;
  readonly log: vscode.LogOutputChannel;
  readonly middleware: Middleware;
  readonly initializationOptions: () => ChorusInitializationOptions;
  /** Called when a running connection ends. */
  readonly onClosed: (closing: Closing) => void;
}

/** The end of a connection. `inOrder` means that the sidecar left, was replaced or was stopped. */
export interface Closing {
  readonly inOrder: boolean;
  readonly webSocketCode: number | undefined;
}

/** The sidecar is about to leave and accepts no more requests. The next connection reaches its successor. */
class DrainingError extends Error {
  override readonly name = 'DrainingError';
}

/**
 * The language client's features that Chorus uses. Other features of a server, which also serves other editors, stay
 * off. The client's inline completion is off too: it would register its provider only after the server runs, too late
 * for the request that started it.
 */
const USED_FEATURES: ReadonlySet<string> = new Set([
  'textDocument/didOpen',
  'textDocument/didChange',
  'textDocument/didClose',
  'textDocument/didSave',
  'workspace/didChangeWorkspaceFolders',
]);

type Feature = Parameters<BaseLanguageClient['registerFeature']>[0];

/**
 * The language client over the sidecar's WebSocket. It never restarts or shows a dialog by itself: the session decides.
 */
export class ChorusLanguageClient extends BaseLanguageClient {
  readonly #setup: LanguageClientSetup;
  #socket: WebSocket | undefined;

  constructor(setup: LanguageClientSetup) {
    const options: LanguageClientOptions = {
      documentSelector: [...SYNCED_DOCUMENTS],
      initializationOptions: setup.initializationOptions,
      outputChannel: setup.log,
      traceOutputChannel: traceWithoutContents(setup.log),
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      middleware: setup.middleware,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({
          action: CloseAction.DoNotRestart,
          handled: true,
          message: 'The connection to the sidecar ended.',
        }),
      },
    };
    super('chorusSidecar', 'Chorus', options);
    this.#setup = setup;
  }

  /** Whether `start` may be called (again) on this object. */
  get isUsable(): boolean {
    return this.state !== State.StartFailed;
  }

  override registerFeature(feature: Feature): void {
    const method = 'registrationType' in feature ? feature.registrationType.method : undefined;
    if (method !== undefined && USED_FEATURES.has(method)) super.registerFeature(feature);
  }

  protected override async createMessageTransports(): Promise<MessageTransports> {
    const { socket, state, started } = await findOrStart(this.#setup.launch);
    this.#socket = socket;
    this.#setup.log.info(
      `${started ? 'Started' : 'Found'} the sidecar: Chorus ${state.version}, process ${state.pid}.`,
    );
    socket.once('close', (webSocketCode: number) => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      // The language client learns of the end first, so that a following start finds it stopped.
      setImmediate(() => this.#setup.onClosed({ inOrder: isInOrder(webSocketCode), webSocketCode }));
    });
    return { reader: new WebSocketMessageReader(socket), writer: new WebSocketMessageWriter(socket) };
  }

  protected override fillInitializeParams(params: InitializeParams): void {
    super.fillInitializeParams(params);
    params.capabilities.textDocument = { ...params.capabilities.textDocument, inlineCompletion: {} };
  }

  /** Returns ghost text for a document that the sidecar has. */
  async provideInlineCompletions(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<readonly vscode.InlineCompletionItem[]> {
    const params = this.code2ProtocolConverter.asInlineCompletionParams(document, position, context);
    const answer = await this.request(INLINE_COMPLETION_REQUEST, params, token);
    const result = await this.protocol2CodeConverter.asInlineCompletionResult(answer, token);
    return (Array.isArray(result) ? result : result?.items) ?? [];
  }

  /** Sends a request. Throws `TroubleError`, `SidecarError`, `DrainingError` or `vscode.CancellationError`. */
  async request<Params, Result>(
    type: RequestType<Params, Result, unknown>,
    params: NoInfer<Params>,
    token?: vscode.CancellationToken,
  ): Promise<Result> {
    try {
      return await sendRequest(this, type, params, token);
    } catch (error) {
      throw asSessionError(error);
    }
  }

  /** Sends a request like `request` and passes partial results to `onChunk`. */
  async requestStreaming<Params extends object, Result, Part>(
    type: RequestType<Params, Result, Part>,
    params: NoInfer<Params>,
    onPart: (part: NoInfer<Part>) => void,
    token?: vscode.CancellationToken,
  ): Promise<Result> {
    const partialResultToken = randomUUID();
    const progress = this.onProgress(new ProgressType<Part>(), partialResultToken, onPart);
    try {
      return await this.request(type, { ...params, partialResultToken }, token);
    } finally {
      progress.dispose();
    }
  }

  /** Closes the connection in order. Never throws. */
  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    try {
      await this.stop(1_000);
    } catch (error) {
      this.#setup.log.debug(`Closing the connection: ${String(error)}`);
    }
    socket?.close(1000);
  }

  /** Cuts the connection to a sidecar that does not answer, as if the sidecar had ended. */
  cut(): void {
    this.#socket?.terminate();
  }

  /** Reads the last log lines of the sidecar. */
  readLogTail(): Promise<string> {
    return readLogTail(homeFiles(this.#setup.launch.homeFolder));
  }

  // The base class shows dialogs from here. The session tells the user once instead.
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }

  override info(message: string, data?: unknown): void {
    super.info(message, data, false);
  }
}

function isInOrder(webSocketCode: number): boolean {
  return (Object.values(CloseCodes) as number[]).includes(webSocketCode);
}

/** Converts a failed request's error to an error for the session's callers. */
function asSessionError(error: unknown): Error {
  if (error instanceof SidecarError || error instanceof TroubleError || error instanceof vscode.CancellationError)
    return error;
  if (!(error instanceof ResponseError)) return error instanceof Error ? error : new Error(String(error));
  const trouble = troubleOf(error.data);
  if (trouble?.code === 'draining') return new DrainingError(error.message, { cause: error });
  if (trouble) return new TroubleError(trouble, { cause: error });
  switch (error.code) {
    case LSPErrorCodes.RequestCancelled:
    case LSPErrorCodes.ServerCancelled:
      return new vscode.CancellationError();
    case JsonRpcErrorCodes.PendingResponseRejected:
    case JsonRpcErrorCodes.ConnectionInactive:
      return new SidecarError(
        'closed',
        l10n.t('The connection to the Chorus sidecar was lost. The next request starts it again.'),
        { cause: error },
      );
    default:
      return new Error(error.message, { cause: error });
  }
}
