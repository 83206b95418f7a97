import * as l10n from '@vscode/l10n';
import {
  BaseLanguageClient,
  CloseAction,
  ErrorAction,
  ErrorCodes as JsonRpcErrorCodes,
  InlineCompletionRequest,
  LSPErrorCodes,
  ProgressType,
  ResponseError,
  RevealOutputChannelOn,
  State,
  type InitializeParams,
  type InlineCompletionItem,
  type InlineCompletionList,
  type LanguageClientOptions,
  type MessageTransports,
  type Middleware,
} from 'vscode-languageclient/node';
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { WebSocket } from 'ws';
import { CloseCodes } from '../../sidecar/client/connect.ts';
import { homeFiles } from '../../sidecar/common/home.ts';
import { findOrStart, type LaunchOptions } from '../../sidecar/client/launch.ts';
import { readLogTail } from '../../sidecar/client/launchLog.ts';
import { SidecarError } from '../../sidecar/common/sidecarError.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from '../../sidecar/client/webSocketTransport.ts';
import type { ChorusInitializationOptions } from '../../sidecar/protocol/client.ts';
import { SYNCED_DOCUMENTS } from '../documents/schemes.ts';
import { traceWithoutContents } from './traceWithoutContents.ts';
import { TroubleError, troubleOf } from './troubleError.ts';

/** This module and what it imports load with the first request, never at activation. */

export interface LanguageClientSetup {
  readonly launch: LaunchOptions;
  readonly log: vscode.LogOutputChannel;
  readonly middleware: Middleware;
  readonly initializationOptions: () => ChorusInitializationOptions;
  /** A running connection ended. */
  readonly onClosed: (closing: Closing) => void;
}

/** How a connection ended: in order (the sidecar left, was replaced or stopped), or not. */
export interface Closing {
  readonly inOrder: boolean;
  readonly webSocketCode: number | undefined;
}

/** The sidecar is about to leave and takes no more requests; the next connection reaches its successor. */
class DrainingError extends Error {
  override readonly name = 'DrainingError';
}

/**
 * The features of the language client that Chorus uses. Whatever else a server offers (it serves other editors too) is
 * left alone. Its inline completion is not among them: it would register a provider only once the server runs, too late
 * for the request that started the server.
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
 * The language client over the sidecar's WebSocket. It never restarts and never shows a dialog by itself: the session
 * decides.
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
      // The language client learns of the end first, so that a start that follows finds it stopped.
      setImmediate(() => this.#setup.onClosed({ inOrder: isInOrder(webSocketCode), webSocketCode }));
    });
    return { reader: new WebSocketMessageReader(socket), writer: new WebSocketMessageWriter(socket) };
  }

  protected override fillInitializeParams(params: InitializeParams): void {
    super.fillInitializeParams(params);
    params.capabilities.textDocument = { ...params.capabilities.textDocument, inlineCompletion: {} };
  }

  /** Ghost text for a document that the sidecar has. */
  async provideInlineCompletions(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<readonly vscode.InlineCompletionItem[]> {
    const params = this.code2ProtocolConverter.asInlineCompletionParams(document, position, context);
    const answer = await this.request<InlineCompletionItem[] | InlineCompletionList | null>(
      InlineCompletionRequest.method,
      params,
      token,
    );
    const result = await this.protocol2CodeConverter.asInlineCompletionResult(answer, token);
    return (Array.isArray(result) ? result : result?.items) ?? [];
  }

  /** Sends a request. Throws `TroubleError`, `SidecarError`, `DrainingError` or `vscode.CancellationError`. */
  async request<Result>(method: string, params: unknown, token?: vscode.CancellationToken): Promise<Result> {
    try {
      // An absent token must not be passed on: it would count as a second parameter.
      return await (token ? this.sendRequest<Result>(method, params, token) : this.sendRequest<Result>(method, params));
    } catch (error) {
      throw asSessionError(error);
    }
  }

  /** As `request`, with partial results. */
  async requestStreaming<Chunk, Result>(
    method: string,
    params: object,
    onChunk: (chunk: Chunk) => void,
    token?: vscode.CancellationToken,
  ): Promise<Result> {
    const partialResultToken = randomUUID();
    const progress = this.onProgress(new ProgressType<Chunk>(), partialResultToken, onChunk);
    try {
      return await this.request<Result>(method, { ...params, partialResultToken }, token);
    } finally {
      progress.dispose();
    }
  }

  /** Ends the connection in order; never throws. */
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

  /** Ends the connection to a sidecar that does not answer, as if it had ended. */
  cut(): void {
    this.#socket?.terminate();
  }

  /** The last lines the sidecar wrote. */
  readLogTail(): Promise<string> {
    return readLogTail(homeFiles(this.#setup.launch.homeFolder));
  }

  // The base class shows dialogs from here; the session tells the user, once.
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

/** What a failed request means to the session's callers. */
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
        l10n.t('The connection to the Chorus sidecar ended. It is started again with the next request.'),
        { cause: error },
      );
    default:
      return new Error(error.message, { cause: error });
  }
}
