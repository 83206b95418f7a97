import { parseJson } from '../common/parseJson.ts';
import type { RedactKey } from './keyRedaction.ts';

/** A server's own words, in messages of Chorus. */
const MAX_QUOTED_UNITS = 200;

/**
 * Why a server refused, in its own words without the key, if they are few. Known shapes: OpenAI's `{ error: { message }
 * }`, `{ error }`, `{ message }`, and FastAPI's `{ detail }`, of whose lists only the messages are taken: they may
 * repeat what was sent.
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
