import { parseJson } from '../common/parseJson.ts';
import type { RedactKey } from './keyRedaction.ts';

/** The longest quotation of a server's message. */
const MAX_QUOTED_UNITS = 200;

/**
 * Returns a server's reason for a refusal, shortened and without the key. Known forms are OpenAI's `{ error: { message
 * } }`, `{ error }`, `{ message }`, and FastAPI's `{ detail }`. From FastAPI's lists only the messages are used, since
 * other fields may repeat the request.
 */
export function refusalText(body: string, redact: RedactKey): string {
  let value: unknown;
  try {
    value = parseJson(body);
  } catch {
    return '';
  }
  const said = redact(
    wordsOf(value)
      .replace(/[\p{Cc}\s]+/gu, ' ')
      .trim(),
  );
  return said.length > MAX_QUOTED_UNITS ? `${said.slice(0, MAX_QUOTED_UNITS)}…` : said;
}

function wordsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((each) => wordsOf((each as { msg?: unknown } | null)?.msg)).join('; ');
  if (typeof value !== 'object' || value === null) return '';
  const { error, message, detail } = value as Record<string, unknown>;
  return wordsOf(error ?? message ?? detail);
}
