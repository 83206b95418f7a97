import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import {
  STATUS_NOTIFICATION,
  STATUS_REQUEST,
  STOP_REQUEST,
  type ChorusInitializationOptions,
  type SidecarStatus,
} from '../../sidecar/protocol/client.ts';
import type { LaunchOptions } from '../../sidecar/client/launchOptions.ts';
import { onNotification, sendNotification } from '../../sidecar/common/typedMessages.ts';
import type { NotificationType, RequestType } from '../../sidecar/protocol/messages.ts';
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
  /** Resolves when `initializationOptions` can be called. */
  readonly ready: () => Promise<void>;
  readonly initializationOptions: () => ChorusInitializationOptions;
}

export type SessionPhase = 'stopped' | 'starting' | 'running';

/** The sidecar crashed or could not be started. */
export interface SidecarFailure {
  readonly message: string;
  /** The last lines of its log. */
  readonly detail?: string;
  /** Whether it starts again automatically. */
  readonly restarts: boolean;
}

/** The time that a request waits for the successor of a leaving sidecar. */
const SUCCESSOR_TIMEOUT_MS = 25_000;
/** The time that a sidecar has to leave at a restart. After that it counts as hanging. */
const LEAVING_TIMEOUT_MS = 15_000;

/**
 * A `SidecarSession` over the language client. Starts the sidecar with the first request and restores a lost connection
 * with back-off.
 */
export class LanguageClientSession implements SidecarSession {
  readonly #setup: SessionSetup;
  readonly #backoff = new CrashBackoff();
  readonly #didChangeStatus = new vscode.EventEmitter<SidecarStatus | undefined>();
  readonly #didFail = new vscode.EventEmitter<SidecarFailure>();
  readonly #didClose = new vscode.EventEmitter<void>();
  readonly onDidChangeStatus = this.#didChangeStatus.event;
  /** Fires when the sidecar crashed or could not be started. */
  readonly onDidFail = this.#didFail.event;

  #client: ChorusLanguageClient | undefined;
  #start: Promise<ChorusLanguageClient> | undefined;
  #phase: SessionPhase = 'stopped';
  /** Whether the connection ended before its start was finished. */
  #closedAtStart = false;
  #disposed = false;
  #status: SidecarStatus | undefined;
  /** The reason why the last start failed, if no connection has ended since. */
  #startFailure: Error | undefined;

  constructor(setup: SessionSetup) {
    this.#setup = setup;
  }

  get status(): SidecarStatus | undefined {
    return this.#status;
  }

  /** The phase. `onDidChangeStatus` fires for its changes too. */
  get phase(): SessionPhase {
    return this.#phase;
  }

  /** Whether there is a connection now. */
  get isRunning(): boolean {
    return this.#phase === 'running';
  }

  /** Ensures that there is a connection. Throws `SidecarError`. */
  async start(): Promise<void> {
    await this.#ensureRunning();
  }

  /**
   * Ensures a new connection after a request met the end of the old one. Starts none for a cancelled request. Throws
   * `SidecarError`, and `vscode.CancellationError` as soon as `token` is cancelled.
   */
  async recover(token?: vscode.CancellationToken): Promise<void> {
    await unlessCancelled(() => this.#untilClosed(), token);
    await unlessCancelled(() => this.#ensureRunning(), token);
  }

  /**
   * Starts a fresh sidecar, or tries again after failures. Other windows get the fresh sidecar with their next request.
   */
  async restart(): Promise<void> {
    this.#backoff.reset();
    if (this.isRunning) {
      const closed = this.#untilClosed(LEAVING_TIMEOUT_MS);
      // A hanging sidecar does not answer.
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

  async request<Params, Result>(
    type: RequestType<Params, Result, unknown>,
    params: NoInfer<Params>,
    token?: vscode.CancellationToken,
  ): Promise<Result> {
    return this.#withSuccessor((client) => client.request(type, params, token), token);
  }

  async requestStreaming<Params extends object, Result, Part>(
    type: RequestType<Params, Result, Part>,
    params: NoInfer<Params>,
    onPart: (part: NoInfer<Part>) => void,
    token?: vscode.CancellationToken,
  ): Promise<Result> {
    return this.#withSuccessor((client) => client.requestStreaming(type, params, onPart, token), token);
  }

  async notify<Params>(type: NotificationType<Params>, params: NoInfer<Params>): Promise<void> {
    const client = await this.#ensureRunning();
    await sendNotification(client, type, params);
  }

  /** Sends a notification if there is a connection. Never starts a sidecar. */
  async notifyIfRunning<Params>(type: NotificationType<Params>, params: NoInfer<Params>): Promise<void> {
    if (this.isRunning && this.#client) await sendNotification(this.#client, type, params);
  }

  /** Returns ghost text for a document that was sent. Throws the same errors as `request`. */
  async provideInlineCompletions(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<readonly vscode.InlineCompletionItem[]> {
    const client = await this.#ensureRunning();
    return client.provideInlineCompletions(document, position, context, token);
  }

  /** Closes the connection. The sidecar stays for other clients. */
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
      // A half-open connection would keep the sidecar waiting for its client.
      await client.close();
      this.#failed(error);
      throw error;
    }
    this.#setup.documents.attach(client);
    this.#setup.workspace.attach(client);
    this.#startFailure = undefined;
    this.#enter('running');
    this.#setStatus(await client.request(STATUS_REQUEST, undefined).catch(() => undefined));
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
    onNotification(client, STATUS_NOTIFICATION, (status) => this.#setStatus(status));
    return client;
  }

  /**
   * A leaving sidecar refuses new work, so the request is sent once more to its successor. A cancelled request waits
   * for no sidecar.
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
    // During the start, the failed start reports the problem.
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

  /** Drops a client whose connection neither answers nor ends. */
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
    this.#didFail.fire({ message: l10n.t('The Chorus sidecar stopped unexpectedly.'), detail, restarts });
    // A failed start reports its own failure.
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
