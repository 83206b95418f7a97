import { within } from '../within.ts';

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
 * The text of a body. Throws `TooLargeError` where it is too long, and errors where it is not there in time or breaks
 * off; a body that is given up is cancelled.
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
      const part = await within(
        Math.max(0, endMs - performance.now()),
        reader.read(),
        `not whole after ${limitMs / 1000} s`,
      );
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
