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

/** Trains in a process of its own, since ggml ends its process on what it does not accept. Throws `TroubleError`. */
export async function trainInProcess(
  options: TrainOptions | SpeechTrainOptions,
  { onProgress, onNote, signal }: TrainListeners = {},
): Promise<TrainResult> {
  const subprocess = execa(process.execPath, processArguments(), {
    ipc: true,
    serialization: 'json',
    buffer: false,
    reject: false,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    cleanup: false,
    env: { ...trainingEnvironment(options), ...lifelineEnvironment },
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
  const send = (request: TrainRequest): void => void channel.send(request, () => undefined);
  const stop = (): void => send({ kind: 'stop' });
  signal?.addEventListener('abort', stop, { once: true });
  try {
    send({ kind: 'start', options });
    if (signal?.aborted) stop();
    const end = await subprocess;
    if (last?.kind === 'result') return last.result;
    if (last?.kind === 'trouble') throw new TroubleError(last.code, last.message, { detail: output.text || undefined });
    const how = end.signal === undefined ? `exit code ${String(end.exitCode)}` : `signal ${end.signal}`;
    const hint = end.signal === 'SIGKILL' ? ' The system may have ended it for lack of memory.' : '';
    throw new TroubleError(
      'engine-crashed',
      `The training stopped unexpectedly (${how}).${hint} Checkpoints that it wrote are whole: the same command goes on from the last one.`,
      { detail: output.text || undefined },
    );
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/**
 * Networks that compute at the same time need a thread of the pool each, and files one more: while all compute for
 * longer than a lock is heeded, that of the training would look like one of a process that died.
 */
export function trainingEnvironment({ threads }: { readonly threads: number }): Readonly<Record<string, string>> {
  return { ...computeEnvironment, UV_THREADPOOL_SIZE: String(threads + 1) };
}

function processArguments(): readonly string[] {
  const { file, execArgv } = ownScript(import.meta.url, { bundle: 'train.mjs', source: './main.ts' });
  return [...execArgv, file];
}
