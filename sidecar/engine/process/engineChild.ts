import { execa } from 'execa';
import type { ChildProcess } from 'node:child_process';
import process from 'node:process';
import {
  CancellationTokenSource,
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  ResponseError,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import {
  ENGINE_ERROR,
  GENERATE_CHUNK,
  LOAD_PROGRESS,
  type EngineErrorData,
  type GenerateChunk,
} from '../../protocol/engine.ts';
import type { NotificationType, RequestType } from '../../protocol/messages.ts';
import { ownScript, type OwnScript } from '../../common/childProcess/ownScript.ts';
import { LIFELINE_FD, lifelineEnvironment, PulseReader } from '../../common/childProcess/pulse.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { onNotification, sendNotification, sendRequest } from '../../common/typedMessages.ts';
import { computeEnvironment } from '../../common/childProcess/computeEnvironment.ts';
import { describeHang, EngineHangWatch } from './engineHangWatch.ts';
import { OutputTail } from '../../common/childProcess/outputTail.ts';

/** The end of a crash's message. Callers that will not start the engine again remove it. */
export const RESTART_NOTE = ' The next request starts it again.';

/** An engine process, from its start to its end. When it ends, every pending request is rejected with the reason. */
export class EngineChild {
  readonly #subprocess;
  readonly #connection: MessageConnection;
  readonly #output = new OutputTail();
  readonly #chunkListeners = new Map<number, (chunk: GenerateChunk) => void>();
  #progressListener: ((share: number) => void) | undefined;
  readonly #pending = new Set<(reason: TroubleError) => void>();
  #endReason: TroubleError | undefined;
  #isAlive = true;
  /** Resolves with the reason when the process has ended. */
  readonly ended: Promise<TroubleError>;

  /**
   * Starts the process. With `isWatched` a process that hangs is killed, which counts as a crash. `script` is the
   * engine's, or the workshop's.
   */
  constructor({
    isWatched = false,
    script = engineScript(),
  }: { readonly isWatched?: boolean; readonly script?: OwnScript } = {}) {
    // Execa ends the process when the parent ends in order. Otherwise its lifeline ends it.
    this.#subprocess = execa(process.execPath, [...script.execArgv, script.file], {
      ipc: true,
      serialization: 'json',
      buffer: false,
      reject: false,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...computeEnvironment, ...lifelineEnvironment },
    });
    for (const stream of [this.#subprocess.stdout, this.#subprocess.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#output.push(text));
    }
    const watch = new EngineHangWatch((hang) => {
      this.#endReason ??= new TroubleError('engine-crashed', describeHang(hang) + RESTART_NOTE, {
        detail: this.#output.text || undefined,
      });
      this.#subprocess.kill('SIGKILL');
    });
    const pulses = new PulseReader();
    this.#subprocess.stdio[LIFELINE_FD]
      .setEncoding('utf8')
      .on('data', (text: string) => pulses.read(text).forEach((pulse) => watch.hear(pulse)));
    if (isWatched) watch.start();
    this.ended = this.#subprocess.then((result) => {
      this.#isAlive = false;
      watch.stop();
      this.#endReason ??= crashed(result, this.#output.text);
      for (const fail of this.#pending) fail(this.#endReason);
      this.#connection.dispose();
      return this.#endReason;
    });
    const channel = this.#subprocess as unknown as ChildProcess;
    this.#connection = createMessageConnection(new IPCMessageReader(channel), new IPCMessageWriter(channel));
    this.onNotification(GENERATE_CHUNK, (chunk) => this.#chunkListeners.get(chunk.requestId)?.(chunk));
    this.onNotification(LOAD_PROGRESS, ({ share }) => this.#progressListener?.(share));
    // A write to a process that just ended fails. `ended` reports the reason once.
    this.#connection.onError(() => undefined);
    this.#connection.listen();
  }

  get pid(): number | undefined {
    return this.#subprocess.pid;
  }

  get alive(): boolean {
    return this.#isAlive;
  }

  onChunk(requestId: number, listener: (chunk: GenerateChunk) => void): { dispose(): void } {
    this.#chunkListeners.set(requestId, listener);
    return { dispose: () => this.#chunkListeners.delete(requestId) };
  }

  onLoadProgress(listener: ((share: number) => void) | undefined): void {
    this.#progressListener = listener;
  }

  /** Calls `listener` with each notification of a method. */
  onNotification<Params>(
    type: NotificationType<Params>,
    listener: (params: NoInfer<Params>) => void,
  ): { dispose(): void } {
    return onNotification(this.#connection, type, listener);
  }

  /** Sends a notification, unless the process has ended. */
  notify<Params>(type: NotificationType<Params>, params: NoInfer<Params>): void {
    if (this.#isAlive) sendNotification(this.#connection, type, params).catch(() => undefined);
  }

  /** Sends a request. An aborted signal becomes `$/cancelRequest`. Rejects with `TroubleError`. */
  async request<Params, Result>(
    type: RequestType<Params, Result>,
    params: NoInfer<Params>,
    signal?: AbortSignal,
  ): Promise<Result> {
    if (!this.#isAlive) throw await this.ended;
    const cancellation = new CancellationTokenSource();
    const cancel = (): void => cancellation.cancel();
    if (signal?.aborted) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    let fail: ((reason: TroubleError) => void) | undefined;
    try {
      return await new Promise<Result>((resolve, reject) => {
        fail = reject;
        this.#pending.add(reject);
        sendRequest(this.#connection, type, params, cancellation.token).then(resolve, reject);
      });
    } catch (error) {
      throw await this.#toTrouble(error);
    } finally {
      if (fail) this.#pending.delete(fail);
      signal?.removeEventListener('abort', cancel);
      cancellation.dispose();
    }
  }

  /** Kills the process. Pending requests are rejected with `reason`. */
  async end(reason: TroubleError): Promise<void> {
    this.#endReason ??= reason;
    this.#subprocess.kill('SIGKILL');
    await this.ended;
  }

  async #toTrouble(error: unknown): Promise<TroubleError> {
    if (error instanceof TroubleError) return error;
    if (error instanceof ResponseError && error.code === ENGINE_ERROR) {
      const data = error.data as EngineErrorData;
      return new TroubleError(data.code, error.message, { cause: error, detail: data.detail });
    }
    // The connection broke, so the process is about to end. The reason is known only then.
    if (!(error instanceof ResponseError) || !this.#isAlive) return this.ended;
    return new TroubleError('engine-failed', `The engine refused a request: ${error.message}`, { cause: error });
  }
}

function engineScript(): OwnScript {
  return ownScript(import.meta.url, { bundle: 'engine.mjs', source: '../main.ts' });
}

function crashed(
  result: { readonly exitCode?: number; readonly signal?: string; readonly originalMessage?: string },
  output: string,
): TroubleError {
  const how =
    result.signal !== undefined
      ? `signal ${result.signal}`
      : result.exitCode !== undefined
        ? `exit code ${result.exitCode}`
        : (result.originalMessage ?? 'it could not be started');
  const hint = result.signal === 'SIGKILL' ? ' The system may have ended it for lack of memory.' : '';
  return new TroubleError('engine-crashed', `The engine stopped unexpectedly (${how}).${hint}${RESTART_NOTE}`, {
    detail: output || undefined,
  });
}
