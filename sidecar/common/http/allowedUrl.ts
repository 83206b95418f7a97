import { isThisMachine } from './loopback.ts';

/**
 * Returns whether models and catalogues may be downloaded from a URL: https from any host, http from this machine
 * alone. The URL may have no user name or password.
 */
export function isAllowedUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isThisMachine(url.hostname));
}

/** The rule of `isAllowedUrl`, for messages. */
export const ALLOWED_URL = 'expected an https: URL (http: to this machine alone) without a password';
