/** The process that trains: what it calls may abort, and it holds a machine's memory for hours. Its parent is the command line. */
import process from 'node:process';
import { TroubleError } from '../engine/engine.ts';
import type { TrainMessage, TrainRequest } from './messages.ts';
import type { TrainOptions } from './options.ts';
import { train } from './training.ts';

const stopping = new AbortController();
const send = (message: TrainMessage): void => void process.send?.(message);

// Without a parent the step under way ends, its checkpoint is written, and that is all.
process.on('disconnect', () => stopping.abort());
// Ctrl-C reaches every process of a terminal; the parent says what to do.
process.on('SIGINT', () => undefined);
// A file beyond the system's limit is an error of the write, which says what was not written.
process.on('SIGXFSZ', () => undefined);
process.on('message', (request: TrainRequest) => {
  if (request.kind === 'stop') stopping.abort();
  else run(request.options).then(end, end);
});

async function run(options: TrainOptions): Promise<void> {
  try {
    const result = await train(options, {
      signal: stopping.signal,
      onProgress: (progress) => send({ kind: 'progress', progress }),
      onNote: (line) => send({ kind: 'note', line }),
    });
    send({ kind: 'result', result });
  } catch (error) {
    const { code, message } = error instanceof TroubleError ? error : { code: 'engine-failed' as const, message: error instanceof Error ? error.message : String(error) };
    send({ kind: 'trouble', code, message });
  }
}

/** Nothing else keeps the process alive. */
function end(): void {
  if (process.connected) process.disconnect();
}
