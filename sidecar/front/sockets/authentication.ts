import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Why a handshake is refused, as an HTTP response. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/**
 * Checks a handshake. A web page cannot omit `Origin`. A page that reaches 127.0.0.1 by DNS rebinding sends its own
 * name as `Host`. Programs without access to the state file do not know the token.
 */
export function refuseHandshake(
  request: IncomingMessage,
  expected: { port: number; token: string },
): Refusal | undefined {
  if (request.headers.origin !== undefined) return { status: 403, text: 'Origin is not accepted' };
  const hosts = [`127.0.0.1:${expected.port}`, `localhost:${expected.port}`];
  if (!hosts.includes(request.headers.host ?? '')) return { status: 403, text: 'Host is not accepted' };
  const match = /^Bearer ([A-Za-z0-9_-]{1,256})$/.exec(request.headers.authorization ?? '');
  if (!match || !isSameSecret(match[1] ?? '', expected.token))
    return { status: 401, text: 'Token is missing or wrong' };
  return undefined;
}

/** Compares two texts in constant time: it depends neither on where they differ nor on their lengths. */
function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
