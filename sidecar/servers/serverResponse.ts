import { within } from './within.ts';

/** A server's own words, in messages of Chorus. */
const MAX_QUOTED_UNITS = 200;

export interface BodyLimits {
  readonly maxBytes: number;
  /** Until the whole of it is there. */
  readonly limitMs: number;
}

/** The text of a body. Throws where it is too long, not there in time, or breaks off; a body that is given up is cancelled. */
export async function readBounded(response: Response, { maxBytes, limitMs }: BodyLimits): Promise<string> {
  if (!response.body) return '';
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  const endMs = performance.now() + limitMs;
  let text = '';
  let bytes = 0;
  try {
    for (;;) {
      const part = await within(Math.max(0, endMs - performance.now()), reader.read(), `not whole after ${limitMs / 1000} s`);
      if (part.done) return text + decoder.decode();
      bytes += part.value.byteLength;
      if (bytes > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
      text += decoder.decode(part.value, { stream: true });
    }
  } catch (error) {
    reader.cancel(error).catch(() => undefined);
    throw error;
  }
}

/**
 * Why a server refused, in its own words, if they are few. Known shapes: OpenAI's `{ error: { message } }`, `{ error }`, `{ message }`, and FastAPI's
 * `{ detail }`, of whose lists only the messages are taken: they may repeat what was sent.
 */
export function refusalText(body: string): string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return '';
  }
  const said = wordsOf(value).replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return said.length > MAX_QUOTED_UNITS ? `${said.slice(0, MAX_QUOTED_UNITS)}…` : said;
}

function wordsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((each) => wordsOf((each as { msg?: unknown } | null)?.msg)).join('; ');
  if (typeof value !== 'object' || value === null) return '';
  const { error, message, detail } = value as Record<string, unknown>;
  return wordsOf(error ?? message ?? detail);
}
