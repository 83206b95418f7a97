import { setImmediate as turn } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import pTimeout from 'p-timeout';

/** The largest event. An event has a few tokens. */
const MAX_EVENT_UNITS = 1024 * 1024;
/** The largest answer. A token takes some hundred bytes of JSON. */
const MAX_STREAM_BYTES = 64 * 1024 * 1024;

/** The stream has an invalid or too large event, or is too large. */
class EventStreamError extends Error {
  override readonly name = 'EventStreamError';
}

export interface EventStreamOptions {
  /** The longest pause between two chunks. */
  readonly idleTimeoutMs: number;
}

/**
 * Yields the data of server-sent events as they arrive (WHATWG HTML, section 9.2), until the body ends. Leaving the
 * loop cancels the body. Throws `EventStreamError`, `TimeoutError`, and errors of the body.
 */
export async function* readEvents(
  body: AsyncIterable<Uint8Array>,
  { idleTimeoutMs }: EventStreamOptions,
): AsyncGenerator<string> {
  const events: string[] = [];
  let failure: Error | undefined;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_UNITS,
    onEvent: ({ data }) => events.push(data),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded')
        failure = new EventStreamError(`An event has more than ${MAX_EVENT_UNITS} characters.`, { cause: error });
    },
  });
  const decoder = new TextDecoder();
  const reader = body[Symbol.asyncIterator]();
  let bytes = 0;
  try {
    for (;;) {
      const part = await pTimeout(reader.next(), {
        milliseconds: idleTimeoutMs,
        message: `No data for ${Math.round(idleTimeoutMs / 1000)} s.`,
      });
      if (part.done) return;
      bytes += part.value.byteLength;
      if (bytes > MAX_STREAM_BYTES) throw new EventStreamError(`The answer has more than ${MAX_STREAM_BYTES} bytes.`);
      parser.feed(decoder.decode(part.value, { stream: true }));
      if (failure) throw failure;
      yield* events.splice(0);
      // Chunks that have already arrived come without a pause, which would block the rest of this process.
      await turn();
    }
  } finally {
    // Not awaited: a reader that waits for its next chunk would not answer.
    reader.return?.().catch(() => undefined);
  }
}
