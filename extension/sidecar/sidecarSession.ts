import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import {
  STATUS_NOTIFICATION,
  STATUS_REQUEST,
  STOP_REQUEST,
  type ChorusInitializationOptions,
  type SidecarStatus,
} from '../../sidecar/protocol/client.ts';
import type { LaunchOptions } from '../../sidecar/client/launch.ts';
import type { SidecarError } from '../../sidecar/common/sidecarError.ts';
import type { DocumentSync } from '../documents/documentSync.ts';
import type { WorkspaceSync } from '../workspace/workspaceSync.ts';
import { CrashBackoff } from './crashBackoff.ts';
import type { ChorusLanguageClient, Closing } from './languageClient.ts';
import { localisedMessage } from './localisedMessage.ts';
import type { SidecarSession } from './session.ts';
import { closedError, crashLoopError } from './sessionErrors.ts';
import { unlessCancelled } from './unlessCancelled.ts';

export interface SessionSetup {
  readonly launch: LaunchOptions;
  readonly log: vscode.LogOutputChannel;
  readonly documents: DocumentSync;
  readonly workspace: WorkspaceSync;
  /** Resolves when `initializationOptions` can be asked. */
  readonly ready: () => Promise<void>;
  readonly initializationOptions: () => ChorusInitializationOptions;
}

export type SessionPhase = 'stopped' | 'starting' | 'running';

/** The sidecar went away out of order or could not be started. */
export interface SidecarFailure {
  readonly message: string;
  /** Last lines it wrote. */
  readonly detail?: string;
  /** Whether it is started again without being asked. */
  readonly restarts: boolean;
}

/** How long a request that met a leaving sidecar waits for its successor. */
const SUCCESSOR_TIMEOUT_MS = 25_000;
/** One that the user wants restarted and that is not gone by then hangs. */
const LEAVING_TIMEOUT_MS = 15_000;

/**
 * `SidecarSession` over the language client: starts it with the first request, mends a lost connection with back-off.
 */
export class LanguageClientSession implements SidecarSession {
  readonly #setup: SessionSetup;
  readonly #backoff = new CrashBackoff();
  readonly #didChangeStatus = new vscode.EventEmitter<SidecarStatus | undefined>();
  readonly #didFail = new vscode.EventEmitter<SidecarFailure>();
  readonly #didClose = new vscode.EventEmitter<void>();
  readonly onDidChangeStatus = this.#didChangeStatus.event;
  /** Fires when the sidecar crashed or would not start. */
  readonly onDidFail = this.#didFail.event;

  #client: ChorusLanguageClient | undefined;
  #start: Promise<ChorusLanguageClient> | undefined;
  #phase: SessionPhase = 'stopped';
  /** The connection ended before its start did. */
  #closedAtStart = false;
  #disposed = false;
  #status: SidecarStatus | undefined;
  /** Why the last start failed, where nothing ended since. */
  #startFailure: Error | undefined;

  constructor(setup: SessionSetup) {
    this.#setup = setup;
  }

  get status(): SidecarStatus | undefined {
    return this.#status;
  }

  /** `onDidChangeStatus` tells of changes of this too. */
  get phase(): SessionPhase {
    return this.#phase;
  }

  /** Whether a connection stands now. */
  get isRunning(): boolean {
    return this.#phase === 'running';
  }

  /** Makes sure a connection stands. Throws `SidecarError`. */
  async start(): Promise<void> {
    await this.#ensureRunning();
  }

  /**
   * After a request met the end of the connection: makes sure that the next one stands. Starts none for a request that
   * is cancelled by then. Throws `SidecarError`, and `vscode.CancellationError` as soon as `token` is cancelled.
   */
  async recover(token?: vscode.CancellationToken): Promise<void> {
    await unlessCancelled(() => this.#untilClosed(), token);
    await unlessCancelled(() => this.#ensureRunning(), token);
  }

  /**
   * The user asks for a fresh sidecar, or for another try after failures. Other windows get the fresh one with their
   * next request.
   */
  async restart(): Promise<void> {
    this.#backoff.reset();
    if (this.isRunning) {
      const closed = this.#untilClosed(LEAVING_TIMEOUT_MS);
      // One that hangs does not answer.
      this.request(STOP_REQUEST, undefined).catch((error: unknown) => this.#setup.log.debug(String(error)));
      await closed;
      if (this.isRunning) {
        const cut = this.#untilClosed(LEAVING_TIMEOUT_MS);
        this.#client?.cut();
        await cut;
      }
      if (this.isRunning) await this.#abandon();
    }
    await this.#ensureRunning();
  }

  async request<Result>(method: string, params: unknown, token?: vscode.CancellationToken): Promise<Result> {
    return this.#withSuccessor((client) => client.request<Result>(method, params, token), token);
  }

  async requestStreaming<Chunk, Result>(
    method: string,
    params: object,
    onChunk: (chunk: Chunk) => void,
    token?: vscode.CancellationToken,
  ): Promise<Result> {
    return this.#withSuccessor(
      (client) => client.requestStreaming<Chunk, Result>(method, params, onChunk, token),
      token,
    );
  }

  async notify(method: string, params: unknown): Promise<void> {
    const client = await this.#ensureRunning();
    await client.sendNotification(method, params);
  }

  /** Sends a notification if a connection stands; a sidecar is never started for it. */
  async notifyIfRunning(method: string, params: unknown): Promise<void> {
    if (this.isRunning) await this.#client?.sendNotification(method, params);
  }

  /** Ghost text for a document that was sent. Throws as `request` does. */
  async provideInlineCompletions(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<readonly vscode.InlineCompletionItem[]> {
    const client = await this.#ensureRunning();
    return client.provideInlineCompletions(document, position, context, token);
  }

  /** Ends the connection; the sidecar stays for others. */
  async close(): Promise<void> {
    this.#disposed = true;
    this.#phase = 'stopped';
    await this.#client?.close();
  }

  dispose(): void {
    this.#disposed = true;
    for (const emitter of [this.#didChangeStatus, this.#didFail, this.#didClose]) emitter.dispose();
  }

  #ensureRunning(): Promise<ChorusLanguageClient> {
    this.#start ??= this.#startClient().catch((error: unknown) => {
      this.#start = undefined;
      throw error;
    });
    return this.#start;
  }

  async #startClient(): Promise<ChorusLanguageClient> {
    const delayMs = this.#backoff.delayMs(Date.now());
    const [{ ChorusLanguageClient }] = await Promise.all([import('./languageClient.ts'), this.#setup.ready()]);
    if (delayMs === undefined) throw this.#startFailure ?? (await crashLoopError());
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (this.#disposed) throw new vscode.CancellationError();
    this.#client = this.#client?.isUsable ? this.#client : this.#createClient(ChorusLanguageClient);
    const client = this.#client;
    this.#closedAtStart = false;
    this.#enter('starting');
    try {
      await client.start();
      if (this.#closedAtStart) throw await closedError();
    } catch (error) {
      // A connection that failed half-way would keep the sidecar waiting for its client.
      await client.close();
      this.#failed(error);
      throw error;
    }
    this.#setup.documents.attach(client);
    this.#setup.workspace.attach(client);
    this.#startFailure = undefined;
    this.#enter('running');
    this.#setStatus(await client.request<SidecarStatus>(STATUS_REQUEST, undefined).catch(() => undefined));
    return client;
  }

  #createClient(Client: typeof ChorusLanguageClient): ChorusLanguageClient {
    const { launch, log, documents, initializationOptions } = this.#setup;
    const client = new Client({
      launch,
      log,
      initializationOptions,
      middleware: documents.middleware,
      onClosed: (closing) => this.#closed(client, closing),
    });
    this.#setup.workspace.serve(client);
    client.onNotification(STATUS_NOTIFICATION, (status: SidecarStatus) => this.#setStatus(status));
    return client;
  }

  /**
   * A leaving sidecar refuses new work; the same request goes to its successor, once. What is cancelled waits for no
   * sidecar.
   */
  async #withSuccessor<Result>(
    send: (client: ChorusLanguageClient) => Promise<Result>,
    token: vscode.CancellationToken | undefined,
  ): Promise<Result> {
    const client = await unlessCancelled(() => this.#ensureRunning(), token);
    try {
      return await send(client);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'DrainingError') throw error;
      await this.recover(token);
      return send(await unlessCancelled(() => this.#ensureRunning(), token));
    }
  }

  async #untilClosed(timeoutMs = SUCCESSOR_TIMEOUT_MS): Promise<void> {
    if (!this.isRunning) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, timeoutMs);
      const listener = this.#didClose.event(done);
      function done(): void {
        clearTimeout(timer);
        listener.dispose();
        resolve();
      }
    });
  }

  #closed(client: ChorusLanguageClient, closing: Closing): void {
    if (this.#phase === 'starting' && client === this.#client) this.#closedAtStart = true;
    // While it starts, the failed start tells.
    if (!this.isRunning || this.#disposed) return;
    this.#leave();
    this.#setup.log.info(`The sidecar closed the connection (WebSocket code ${closing.webSocketCode ?? 'none'}).`);
    if (!closing.inOrder) this.#crashed(client).catch((error: unknown) => this.#setup.log.error(String(error)));
  }

  #leave(): void {
    this.#start = undefined;
    this.#setup.documents.attach(undefined);
    this.#setup.workspace.attach(undefined);
    this.#enter('stopped');
    this.#didClose.fire();
  }

  /** A client whose connection neither answers nor ends is of no more use. */
  async #abandon(): Promise<void> {
    await this.#client?.close();
    this.#client = undefined;
    this.#leave();
  }

  async #crashed(client: ChorusLanguageClient): Promise<void> {
    this.#startFailure = undefined;
    this.#backoff.record(Date.now());
    const detail = await client.readLogTail().catch(() => '');
    const restarts = this.#backoff.delayMs(Date.now()) !== undefined;
    this.#didFail.fire({ message: l10n.t('The Chorus sidecar ended unexpectedly.'), detail, restarts });
    // The start's own failure is told by itself.
    if (restarts && !this.#disposed) await this.#ensureRunning().catch(() => undefined);
  }

  #failed(error: unknown): void {
    this.#setup.documents.attach(undefined);
    this.#setup.workspace.attach(undefined);
    this.#enter('stopped');
    this.#startFailure = error instanceof Error ? error : undefined;
    this.#backoff.record(Date.now());
    this.#didFail.fire({
      message: localisedMessage(error),
      detail: (error as Partial<SidecarError>).detail,
      restarts: false,
    });
  }

  #enter(phase: SessionPhase): void {
    this.#phase = phase;
    this.#setStatus(undefined);
  }

  #setStatus(status: SidecarStatus | undefined): void {
    this.#status = status;
    this.#didChangeStatus.fire(status);
  }
}
