import { setImmediate as turn } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { within } from '../common/within.ts';

/** One event holds a few tokens. */
const MAX_EVENT_UNITS = 1024 * 1024;
/** Of a whole answer; a token takes some hundred bytes of JSON. */
const MAX_STREAM_BYTES = 64 * 1024 * 1024;

/** A stream that is none of server-sent events, or too large. */
class EventStreamError extends Error {
  override readonly name = 'EventStreamError';
}

export interface EventStreamOptions {
  /** Between two parts of it. */
  readonly idleTimeoutMs: number;
}

/**
 * The data of server-sent events as they come (WHATWG HTML, section 9.2). Ends with the body. Leaving the loop cancels
 * the body. Throws `EventStreamError`, `LateError`, and what reading the body throws.
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
      const part = await within(
        idleTimeoutMs,
        reader.next(),
        `Nothing came for ${Math.round(idleTimeoutMs / 1000)} s.`,
      );
      if (part.done) return;
      bytes += part.value.byteLength;
      if (bytes > MAX_STREAM_BYTES) throw new EventStreamError(`The answer has more than ${MAX_STREAM_BYTES} bytes.`);
      parser.feed(decoder.decode(part.value, { stream: true }));
      if (failure) throw failure;
      yield* events.splice(0);
      // Parts that are there already would come without a pause, and nothing else of this process would be heard.
      await turn();
    }
  } finally {
    // One that waits for its next part would not hear of it.
    reader.return?.().catch(() => undefined);
  }
}
