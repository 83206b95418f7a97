/** A server's own words, in messages of Chorus. */
const MAX_QUOTED_UNITS = 200;

/** The text of a body. Throws where it is longer than `maxBytes` or breaks off. */
export async function readBounded(response: Response, maxBytes: number): Promise<string> {
  if (!response.body) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (bytes > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
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
