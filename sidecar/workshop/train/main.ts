/**
 * The training process, a child of the command line. Native code in it may abort, and it holds a machine's memory for
 * hours.
 */
import process from 'node:process';
import { TroubleError } from '../../common/troubleError.ts';
import { startLifeline } from '../../common/childProcess/lifeline.ts';
import { dieWithParent } from '../../common/childProcess/parentDeath.ts';
import type { TrainMessage, TrainRequest } from './messages.ts';
import { checkExpert } from './checkExpert.ts';
import { trainSpeech } from './speech/speechTraining.ts';
import { train } from './training.ts';
import type { TrainListeners } from './trainListeners.ts';

/**
 * The time limit for the current step and its checkpoint after the parent is gone. An unfinished checkpoint is
 * discarded.
 */
const LAST_STEP_MS = 60_000;

const stopping = new AbortController();
const send = (message: TrainMessage, onSent: () => void = () => undefined): void =>
  process.send ? void process.send(message, undefined, undefined, onSent) : onSent();
/** Resolves when the parent has received the message. Messages in flight are lost when the channel closes. */
const sent = (message: TrainMessage): Promise<void> => new Promise((resolve) => send(message, resolve));

// Without a parent the current step ends, its checkpoint is written, and the process ends.
process.on('disconnect', () => stopping.abort());
startLifeline({ graceMs: LAST_STEP_MS });
// Ctrl-C reaches every process of a terminal; the parent decides when this process ends.
process.on('SIGINT', () => undefined);
// Exceeding the system's file size limit then fails the write, with an error that names the file.
process.on('SIGXFSZ', () => undefined);
process.on('message', (request: TrainRequest) => {
  if (request.kind === 'stop') stopping.abort();
  else run(request).then(end, end);
});

async function run(request: Exclude<TrainRequest, { kind: 'stop' }>): Promise<void> {
  try {
    await sent(await answerTo(request));
  } catch (error) {
    const { code, message } =
      error instanceof TroubleError
        ? error
        : { code: 'engine-failed' as const, message: error instanceof Error ? error.message : String(error) };
    await sent({ kind: 'trouble', code, message });
  }
}

async function answerTo(request: Exclude<TrainRequest, { kind: 'stop' }>): Promise<TrainMessage> {
  if (request.kind === 'check') {
    await checkExpert(request.options);
    return { kind: 'checked' };
  }
  const { options, texts, isPausable } = request;
  if (isPausable) dieWithParent();
  const listeners: TrainListeners = {
    texts,
    signal: stopping.signal,
    onProgress: (progress) => send({ kind: 'progress', progress }),
    onNote: (line) => send({ kind: 'note', line }),
  };
  const result = 'speech' in options ? await trainSpeech(options, listeners) : await train(options, listeners);
  return { kind: 'result', result };
}

/** Nothing else keeps the process alive. */
function end(): void {
  if (process.connected) process.disconnect();
}
