import { execa } from 'execa';
import type { ChildProcess } from 'node:child_process';
import process from 'node:process';
import { TroubleError } from '../../common/troubleError.ts';
import { computeEnvironment } from '../../common/childProcess/computeEnvironment.ts';
import { OutputTail } from '../../common/childProcess/outputTail.ts';
import { ownScript } from '../../common/childProcess/ownScript.ts';
import { LIFELINE_FD, lifelineEnvironment } from '../../common/childProcess/pulse.ts';
import type { TrainMessage, TrainRequest } from './messages.ts';
import type { TrainOptions, TrainResult } from './options.ts';
import type { SpeechTrainOptions } from './speech/speechOptions.ts';
import type { TrainListeners } from './trainListeners.ts';

/** Trains in a child process, since ggml aborts on inputs that it does not accept. Rejects with `TroubleError`. */
export async function trainInProcess(
  options: TrainOptions | SpeechTrainOptions,
  listeners: TrainListeners = {},
): Promise<TrainResult> {
  const { texts, onProcess } = listeners;
  const last = await answerOf({ kind: 'start', options, texts, isPausable: onProcess !== undefined }, listeners);
  if (last.kind !== 'result') throw new Error(`The training ended with the message ${last.kind}.`);
  return last.result;
}

/**
 * Checks in a child process that an expert of a model can be trained with these options. Rejects with `TroubleError`:
 * 'unsupported-model' if it can't.
 */
export async function checkExpertInProcess(options: TrainOptions): Promise<void> {
  await answerOf({ kind: 'check', options }, {});
}

/** Resolves with the last message of a training process. */
async function answerOf(
  request: Exclude<TrainRequest, { kind: 'stop' }>,
  { onProgress, onNote, onProcess, signal }: TrainListeners,
): Promise<TrainMessage> {
  const subprocess = execa(process.execPath, processArguments(), {
    ipc: true,
    serialization: 'json',
    buffer: false,
    reject: false,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    cleanup: false,
    env: { ...trainingEnvironment(request.options), ...lifelineEnvironment },
  });
  const output = new OutputTail();
  for (const stream of [subprocess.stdout, subprocess.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
  subprocess.stdio[LIFELINE_FD].resume();
  let last: TrainMessage | undefined;
  const channel = subprocess as unknown as ChildProcess;
  channel.on('message', (message: TrainMessage) => {
    if (message.kind === 'progress') onProgress?.(message.progress);
    else if (message.kind === 'note') onNote?.(message.line);
    else last = message;
  });
  const send = (sent: TrainRequest): void => void channel.send(sent, () => undefined);
  const stop = (): void => send({ kind: 'stop' });
  signal?.addEventListener('abort', stop, { once: true });
  try {
    if (subprocess.pid !== undefined) onProcess?.(subprocess.pid);
    send(request);
    if (signal?.aborted) stop();
    const end = await subprocess;
    if (last?.kind === 'trouble') throw new TroubleError(last.code, last.message, { detail: output.text || undefined });
    if (last) return last;
    const how = end.signal === undefined ? `exit code ${String(end.exitCode)}` : `signal ${end.signal}`;
    const hint = end.signal === 'SIGKILL' ? ' The system may have ended it for lack of memory.' : '';
    throw new TroubleError(
      'engine-crashed',
      `The training stopped unexpectedly (${how}).${hint} Its checkpoints are intact: the same command continues from the last checkpoint.`,
      { detail: output.text || undefined },
    );
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/**
 * Each network needs a thread of libuv's pool, and file access needs another. Otherwise the training's lock could not
 * be renewed while all networks compute, and would expire.
 */
export function trainingEnvironment({ threads }: { readonly threads: number }): Readonly<Record<string, string>> {
  return { ...computeEnvironment, UV_THREADPOOL_SIZE: String(threads + 1) };
}

function processArguments(): readonly string[] {
  const { file, execArgv } = ownScript(import.meta.url, { bundle: 'train.mjs', source: './main.ts' });
  return [...execArgv, file];
}
