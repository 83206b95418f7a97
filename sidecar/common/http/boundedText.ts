import pTimeout from 'p-timeout';

export interface BodyLimits {
  readonly maxBytes: number;
  /** Until the whole of it is there. */
  readonly limitMs: number;
}

/** A body has more bytes than are read of it. */
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
  // Not by iterating: what waits for its next part would not hear that it is given up.
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
