import type { HttpResponse } from '../../common/http/httpClient.ts';
import type { PartialState } from './partialFile.ts';

/** The server's description of a file. */
export interface RemoteFile extends PartialState {
  /** Where the body's bytes begin in the file. */
  readonly offset: number;
}

/** Reads the headers of a 200 or 206; `undefined` if they make no sense. */
export function remoteFile(url: string, response: HttpResponse): RemoteFile | undefined {
  const { status, headers, firstHeaders } = response;
  const common = { url, validator: validatorOf(headers), sha256: linkedSha256(firstHeaders) };
  const linkedBytes = wholeNumber(firstHeaders.get('x-linked-size'));
  if (status === 206) {
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get('content-range') ?? '');
    if (!range) return undefined;
    const [offset, end, totalBytes] = range.slice(1).map(Number) as [number, number, number];
    return end === totalBytes - 1 && offset <= end ? { ...common, offset, totalBytes } : undefined;
  }
  // A compressed body has another length than the file.
  const isAsItIs = (headers.get('content-encoding') ?? 'identity') === 'identity';
  return isAsItIs
    ? { ...common, offset: 0, totalBytes: wholeNumber(headers.get('content-length')) ?? linkedBytes }
    : undefined;
}

/** Returns a validator for `If-Range`: a strong ETag, or else the date of the last change. */
function validatorOf(headers: Headers): string | undefined {
  const etag = headers.get('etag');
  if (etag !== null) return etag.startsWith('"') ? etag : undefined;
  return headers.get('last-modified') ?? undefined;
}

/** Hugging Face gives a file's SHA-256 in the redirect to its bytes. */
function linkedSha256(headers: Headers): string | undefined {
  return /^"?([0-9a-f]{64})"?$/.exec(headers.get('x-linked-etag') ?? '')?.[1];
}

function wholeNumber(value: string | null): number | undefined {
  return value !== null && /^\d{1,15}$/.test(value) && Number(value) > 0 ? Number(value) : undefined;
}

/** Returns the size that a 416 gives ("bytes *\/1234"). */
export function unsatisfiedSize(headers: Headers): number | undefined {
  return wholeNumber(/^bytes \*\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1] ?? null);
}
