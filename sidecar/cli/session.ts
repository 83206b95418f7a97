import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  CancellationTokenSource,
  createMessageConnection,
  NullLogger,
  ProgressType,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import packageJson from '../../package.json' with { type: 'json' };
import { homeFiles } from '../common/home.ts';
import { onNotification, sendNotification, sendRequest } from '../common/typedMessages.ts';
import type { NotificationType, RequestType } from '../protocol/messages.ts';
import { SidecarError } from '../common/sidecarError.ts';
import { findOrStart, findRunning, type Attachment } from '../client/launch.ts';
import type { LaunchOptions } from '../client/launchOptions.ts';
import { ownScript } from '../common/childProcess/ownScript.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from '../client/webSocketTransport.ts';
import {
  INITIALIZE_REQUEST,
  INITIALIZED_NOTIFICATION,
  STATUS_NOTIFICATION,
  STOP_REQUEST,
  type ChorusInitializationOptions,
  type ChorusSettings,
  type DownloadSettings,
  type SidecarStatus,
} from '../protocol/client.ts';

export const CLI_VERSION = packageJson.version;

export interface RequestOptions<Part> {
  /** Called with each partial result. The request then has a `partialResultToken`. */
  readonly onPart?: (part: Part) => void;
  /** Cancels the request. It still resolves or rejects with the sidecar's response. */
  readonly signal?: AbortSignal;
}

/** A connection of the command line to a sidecar: the user's shared sidecar, or its own sidecar that ends with it. */
export class Session {
  readonly #connection: MessageConnection;
  readonly #closed: Promise<SidecarError>;
  #nextToken = 1;
  onStatus: (status: SidecarStatus) => void = () => undefined;

  private constructor(
    private readonly attachment: Attachment,
    /** The folder of a sidecar that this session started for itself. */
    private readonly ownHome: string | undefined,
  ) {
    const { socket } = attachment;
    this.#connection = createMessageConnection(
      new WebSocketMessageReader(socket),
      new WebSocketMessageWriter(socket),
      NullLogger,
    );
    onNotification(this.#connection, STATUS_NOTIFICATION, (status) => this.onStatus(status));
    this.#closed = new Promise((resolve) => {
      socket.once('close', () =>
        resolve(
          new SidecarError(
            'closed',
            'The sidecar ended while it worked on this. Its log is in the Chorus folder. Try again.',
          ),
        ),
      );
    });
    this.#connection.listen();
  }

  /** Connects to the shared sidecar, or with `settings` to a new sidecar of its own. Rejects with `SidecarError`. */
  static async open(settings?: ChorusSettings): Promise<Session> {
    if (settings === undefined) return Session.#initialized(await findOrStart(launchOptions()), undefined, undefined);
    const ownHome = await createOwnHome();
    const attachment = await findOrStart(ownLaunchOptions(ownHome)).catch(async (error: unknown) => {
      await removeOwnHome(ownHome);
      throw error;
    });
    return Session.#initialized(attachment, ownHome, settings);
  }

  /**
   * Connects to the shared sidecar, which downloads models for this session by these settings. Rejects with
   * `SidecarError`.
   */
  static async openShared(downloads: DownloadSettings): Promise<Session> {
    // Settings without model settings do not change the loaded model.
    return Session.#initialized(await findOrStart(launchOptions()), undefined, { downloads });
  }

  /** Connects to the shared sidecar, or to the sidecar of another home, if it runs. */
  static async openRunning(homeFolder?: string): Promise<Session | undefined> {
    const attachment = await findRunning({ clientVersion: CLI_VERSION, homeFolder });
    return attachment && Session.#initialized(attachment, undefined, undefined);
  }

  static async #initialized(
    attachment: Attachment,
    ownHome: string | undefined,
    settings: ChorusSettings | undefined,
  ): Promise<Session> {
    const session = new Session(attachment, ownHome);
    // Without settings the sidecar keeps the model that the user's editors chose.
    const initializationOptions: ChorusInitializationOptions = {
      clientKind: 'cli',
      clientVersion: CLI_VERSION,
      ...(settings ? { settings } : {}),
    };
    try {
      await session.request(INITIALIZE_REQUEST, {
        processId: process.pid,
        rootUri: null,
        capabilities: { textDocument: { inlineCompletion: {} } },
        initializationOptions,
      });
      await session.notify(INITIALIZED_NOTIFICATION, {});
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** The version and process of the sidecar. */
  get sidecar(): { readonly pid: number; readonly version: string; readonly startedAt: string } {
    const { pid, version, startedAt } = this.attachment.state;
    return { pid, version, startedAt };
  }

  /**
   * Sends a request. Rejects with `ResponseError` if the sidecar refuses it, and with `SidecarError` 'closed' if the
   * sidecar ends.
   */
  async request<Params, Result, Part>(
    type: RequestType<Params, Result, Part>,
    params: NoInfer<Params>,
    options: RequestOptions<NoInfer<Part>> = {},
  ): Promise<Result> {
    const { onPart, signal } = options;
    const cancellation = new CancellationTokenSource();
    const cancel = (): void => cancellation.cancel();
    const token = `cli-${this.#nextToken++}`;
    const progress = onPart && this.#connection.onProgress(new ProgressType<Part>(), token, onPart);
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted) cancel();
    try {
      const answer = sendRequest(
        this.#connection,
        type,
        onPart ? { ...params, partialResultToken: token } : params,
        cancellation.token,
      );
      return await Promise.race([answer, this.#closed.then((error) => Promise.reject(error))]);
    } finally {
      signal?.removeEventListener('abort', cancel);
      progress?.dispose();
      cancellation.dispose();
    }
  }

  notify<Params>(type: NotificationType<Params>, params: NoInfer<Params>): Promise<void> {
    return sendNotification(this.#connection, type, params);
  }

  /** Asks the sidecar to stop, and waits until it has ended. */
  async stop(): Promise<void> {
    await this.request(STOP_REQUEST, {}).catch((error: unknown) => {
      if (!(error instanceof SidecarError && error.code === 'closed')) throw error;
    });
    await this.#closed;
  }

  /** Disconnects from the shared sidecar, or stops this session's own sidecar. */
  async close(): Promise<void> {
    if (this.ownHome !== undefined) {
      await this.stop().catch(() => undefined);
      await removeOwnHome(this.ownHome);
    }
    this.#connection.dispose();
    this.attachment.socket.close();
  }
}

/** Returns how the command line finds or starts the shared sidecar. */
export function launchOptions(): LaunchOptions {
  const { file, execArgv } = ownScript(import.meta.url, { bundle: 'sidecar.mjs', source: '../front/main.ts' });
  if (!existsSync(file))
    throw new SidecarError('start-failed', `${file} does not exist. Build it with "npm run build".`);
  return { sidecarScript: file, execArgv, clientVersion: CLI_VERSION };
}

/**
 * Returns how to start a sidecar of this command's own, in its own folder. Measurements of models are stored in the
 * user's folder.
 */
export function ownLaunchOptions(ownHome: string): LaunchOptions {
  return { ...launchOptions(), homeFolder: ownHome, headNeedsFile: homeFiles().headNeedsFile };
}

/** Creates a folder for this command's own sidecar. */
export function createOwnHome(): Promise<string> {
  return mkdtemp(path.join(os.tmpdir(), 'chorus-cli-'));
}

export async function removeOwnHome(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
