import { isThisMachine } from './loopback.ts';

/**
 * Whether models and catalogues may come from a URL: https from anywhere, http from this machine alone, and no name or
 * password in it.
 */
export function isAllowedUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isThisMachine(url.hostname));
}

/** What `isAllowedUrl` wants, for messages. */
export const ALLOWED_URL = 'expected an https: URL (http: to this machine alone) without a password';
