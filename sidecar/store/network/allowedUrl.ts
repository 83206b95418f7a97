const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether models and catalogues may come from a URL: https from anywhere, http from this machine alone, and no name or password in it. */
export function isAllowedUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
}

/** Whether a URL leads to this machine. */
export function isLoopback(url: URL): boolean {
  return LOOPBACK.test(url.hostname);
}

/** What `isAllowedUrl` wants, for messages. */
export const ALLOWED_URL = 'expected an https: URL (http: to this machine alone) without a password';
