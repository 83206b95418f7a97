/**
 * The process that trains: what it calls may abort, and it holds a machine's memory for hours. Its parent is the
 * command line.
 */
import process from 'node:process';
import { TroubleError } from '../../common/troubleError.ts';
import { startLifeline } from '../../common/childProcess/lifeline.ts';
import type { TrainMessage, TrainRequest } from './messages.ts';
import type { TrainOptions } from './options.ts';
import type { SpeechTrainOptions } from './speech/speechOptions.ts';
import { trainSpeech } from './speech/speechTraining.ts';
import { train } from './training.ts';
import type { TrainListeners } from './trainListeners.ts';

/**
 * What the step under way and its checkpoint may take without a parent; a checkpoint that is not whole by then is not
 * there.
 */
const LAST_STEP_MS = 60_000;

const stopping = new AbortController();
const send = (message: TrainMessage, onSent: () => void = () => undefined): void =>
  process.send ? void process.send(message, undefined, undefined, onSent) : onSent();
/** Resolves when the parent has it: what is still on its way when the channel closes is lost. */
const sent = (message: TrainMessage): Promise<void> => new Promise((resolve) => send(message, resolve));

// Without a parent the step under way ends, its checkpoint is written, and that is all.
process.on('disconnect', () => stopping.abort());
startLifeline({ graceMs: LAST_STEP_MS });
// Ctrl-C reaches every process of a terminal; the parent says what to do.
process.on('SIGINT', () => undefined);
// A file beyond the system's limit is an error of the write, which says what was not written.
process.on('SIGXFSZ', () => undefined);
process.on('message', (request: TrainRequest) => {
  if (request.kind === 'stop') stopping.abort();
  else run(request.options).then(end, end);
});

async function run(options: TrainOptions | SpeechTrainOptions): Promise<void> {
  const listeners: TrainListeners = {
    signal: stopping.signal,
    onProgress: (progress) => send({ kind: 'progress', progress }),
    onNote: (line) => send({ kind: 'note', line }),
  };
  try {
    const result = 'speech' in options ? await trainSpeech(options, listeners) : await train(options, listeners);
    await sent({ kind: 'result', result });
  } catch (error) {
    const { code, message } =
      error instanceof TroubleError
        ? error
        : { code: 'engine-failed' as const, message: error instanceof Error ? error.message : String(error) };
    await sent({ kind: 'trouble', code, message });
  }
}

/** Nothing else keeps the process alive. */
function end(): void {
  if (process.connected) process.disconnect();
}
