import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageTransports } from './messageTransports.ts';
import { CloseCodes } from './connect.ts';
import { homeFiles, homeFolder } from './home.ts';
import { findOrStart, type LaunchOptions } from './launch.ts';
import { readLogTail } from './launchLog.ts';
import { RestartPolicy } from './restartPolicy.ts';
import { describeClose } from './sidecarClient.ts';
import { SidecarError } from './sidecarError.ts';
import type { SidecarState } from './stateFile.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from './webSocketTransport.ts';

export interface ClosedConnection {
  /** Whether the sidecar or this side ended it in order; otherwise it crashed. */
  readonly orderly: boolean;
  /** Plain English. */
  readonly reason: string;
}

/**
 * An editor's lasting way to the sidecar: `open()` as often as the language client asks for transports. After a crash it waits before it
 * starts the process again, longer each time, and gives up with one message when it keeps crashing.
 */
export class SidecarConnection {
  readonly #policy: RestartPolicy;
  #current: { readonly close: () => void } | undefined;
  #lastClose: ClosedConnection | undefined;
  #state: SidecarState | undefined;

  constructor(
    private readonly options: LaunchOptions,
    policy: RestartPolicy = new RestartPolicy(),
  ) {
    this.#policy = policy;
  }

  /** How the last connection ended. */
  get lastClose(): ClosedConnection | undefined {
    return this.#lastClose;
  }

  /** The sidecar of the open connection. */
  get state(): SidecarState | undefined {
    return this.#state;
  }

  /** Whether `open()` would try: false after a crash loop until `reset()`. */
  get canReopen(): boolean {
    return !this.#policy.isExhausted;
  }

  /**
   * Finds or starts the sidecar and connects, after the wait that is due. Throws `SidecarError`; 'crash-loop' says why it stopped trying, with
   * the last lines that the sidecar wrote.
   */
  async open(): Promise<MessageTransports> {
    if (this.#policy.isExhausted) throw await this.#crashLoop();
    await sleep(this.#policy.delayMs);
    let attachment: Awaited<ReturnType<typeof findOrStart>>;
    try {
      attachment = await findOrStart(this.options);
    } catch (error) {
      if (error instanceof SidecarError && (error.code === 'start-failed' || error.code === 'unreachable')) this.#policy.crashed();
      throw error;
    }
    const { socket, state } = attachment;
    this.#state = state;
    let closedHere = false;
    socket.once('close', (code, reason) => {
      const orderly = closedHere || code === 1000 || Object.values<number>(CloseCodes).includes(code);
      this.#lastClose = { orderly, reason: describeClose(code, reason.toString()) };
      this.#state = undefined;
      if (!orderly) this.#policy.crashed();
    });
    this.#current = {
      close: () => {
        closedHere = true;
        socket.close(1000);
      },
    };
    return { reader: new WebSocketMessageReader(socket), writer: new WebSocketMessageWriter(socket) };
  }

  /** The user asked to try again: forgets the crashes so far. */
  reset(): void {
    this.#policy.reset();
  }

  /** Ends the connection; the sidecar lives on for others. */
  close(): void {
    this.#current?.close();
  }

  async #crashLoop(): Promise<SidecarError> {
    const home = homeFiles(this.options.homeFolder ?? homeFolder());
    const detail = await readLogTail(home);
    const reason = this.#lastClose && !this.#lastClose.orderly ? this.#lastClose.reason : 'The Chorus sidecar could not be started.';
    return new SidecarError('crash-loop', `${reason} It failed ${this.#policy.maxCrashes} times in a short time and is not started again by itself. Its log is ${home.logFile}.`, { detail });
  }
}
