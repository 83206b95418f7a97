import pTimeout from 'p-timeout';

export interface BodyLimits {
  readonly maxBytes: number;
  /** The time limit for the whole body. */
  readonly limitMs: number;
}

/** The body is longer than the limit. */
export class TooLargeError extends RangeError {
  override readonly name = 'TooLargeError';
}

/**
 * The text of a body. Throws `TooLargeError` if the body is too long, `TimeoutError` if it is not complete in time, and
 * the body's own error if it breaks off. The body is cancelled in each of these cases.
 */
export async function readBoundedText(
  body: ReadableStream<Uint8Array>,
  { maxBytes, limitMs }: BodyLimits,
): Promise<string> {
  // A `for await` loop could not be cancelled while it waits for the next part.
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const endMs = performance.now() + limitMs;
  let text = '';
  let bytes = 0;
  try {
    for (;;) {
      const part = await pTimeout(reader.read(), {
        milliseconds: Math.max(1, endMs - performance.now()),
        message: `not whole after ${limitMs / 1000} s`,
      });
      if (part.done) return text + decoder.decode();
      bytes += part.value.byteLength;
      if (bytes > maxBytes) throw new TooLargeError(`more than ${maxBytes} bytes`);
      text += decoder.decode(part.value, { stream: true });
    }
  } catch (error) {
    reader.cancel(error).catch(() => undefined);
    throw error;
  }
}
