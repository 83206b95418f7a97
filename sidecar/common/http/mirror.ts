import { TroubleError } from '../troubleError.ts';
import { ALLOWED_URL, isAllowedUrl } from './allowedUrl.ts';

const HUB = 'https://huggingface.co/';

/**
 * Returns the mirror's URL for a URL on Hugging Face: the mirror's base URL with the same path. Other URLs stay the
 * same.
 */
export function mirrored(url: string, mirror: string | undefined): string {
  return mirror && url.startsWith(HUB) ? `${mirror.replace(/\/+$/, '')}/${url.slice(HUB.length)}` : url;
}

/**
 * Returns a mirror's base URL, or `undefined` if none is set. Throws `TroubleError` 'download-failed' if downloads may
 * not come from there.
 */
export function requireMirror(mirror: string | undefined): string | undefined {
  if (mirror === undefined || mirror === '') return undefined;
  if (!isAllowedUrl(mirror))
    throw new TroubleError('download-failed', `chorus.downloads.mirror: ${ALLOWED_URL}, got ${mirror.slice(0, 300)}`);
  return mirror;
}
