/**
 * The thread of the index: reads texts and ranks snippets. It gets everything by messages, and opens no file except its
 * grammars.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Grammars, ParserEnded } from '../syntax/grammars.ts';
import { serveIndexes } from './indexes.ts';
import type { IndexAnswer, IndexRequest, IndexThreadData } from './indexMessages.ts';
import { PutMark } from './putMark.ts';

const { grammarsFolder, markMemory, leftOut } = workerData as IndexThreadData;
const mark = new PutMark(markMemory);
let request = 0;
const handlers = serveIndexes(new Grammars(grammarsFolder), {
  onPut: (file) => mark.set({ request, file }),
  onNextEdits() {
    const own = request;
    return (step) => mark.set({ request: own, file: step });
  },
  unparsed: new Set(leftOut),
});

parentPort?.on('message', ({ id, method, params }: IndexRequest) => {
  const answer = (message: IndexAnswer): void => parentPort?.postMessage(message);
  const handle = handlers[method] as (params: unknown) => unknown;
  Promise.resolve()
    .then(() => {
      request = id;
      return handle(params);
    })
    .then(
      (result) => answer({ id, result }),
      (error: unknown) => {
        // An error's message may quote the parsed text.
        answer({
          id,
          error: error instanceof Error ? error.name : typeof error,
          endedAt: error instanceof ParserEnded ? error.uri : undefined,
        });
      },
    );
});
