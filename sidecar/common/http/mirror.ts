import { TroubleError } from '../troubleError.ts';
import { ALLOWED_URL, isAllowedUrl } from './allowedUrl.ts';

const HUB = 'https://huggingface.co/';

/**
 * Where to get what lies at `url` on Hugging Face: below the mirror's base URL, with the same path. Other URLs stay as
 * they are.
 */
export function mirrored(url: string, mirror: string | undefined): string {
  return mirror && url.startsWith(HUB) ? `${mirror.replace(/\/+$/, '')}/${url.slice(HUB.length)}` : url;
}

/**
 * A mirror's base URL, or `undefined` where none is set. Throws `TroubleError` 'download-failed' where nothing may come
 * from there.
 */
export function requireMirror(mirror: string | undefined): string | undefined {
  if (mirror === undefined || mirror === '') return undefined;
  if (!isAllowedUrl(mirror))
    throw new TroubleError('download-failed', `chorus.downloads.mirror: ${ALLOWED_URL}, got ${mirror.slice(0, 300)}`);
  return mirror;
}
