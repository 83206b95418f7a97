import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TroubleError } from '../../common/troubleError.ts';
import type { HttpClient } from '../../common/http/httpClient.ts';
import { BrokenTransferError, refused } from './errors.ts';
import { PartialFile } from './partialFile.ts';
import { transfer, type ExpectedFile } from './transfer.ts';

export interface FileRequest {
  readonly client: HttpClient;
  readonly url: string;
  readonly targetPath: string;
  readonly expected: ExpectedFile;
  readonly onProgress: (progress: FileProgress) => void;
  readonly signal: AbortSignal;
  readonly timing?: DownloadTiming;
}
export interface FileProgress {
  readonly state: 'downloading' | 'waiting' | 'verifying';
  /** Of the file, or while it is verified those that were read. */
  readonly bytes: number;
  readonly totalBytes?: number;
}
export interface DownloadTiming {
  /** A server that sends nothing for this long has stalled. */
  readonly stallMs?: number;
  /** Before the first further attempt; each one that brings next to nothing doubles it. */
  readonly retryMs?: number;
}

export interface DownloadedFile {
  readonly partial: PartialFile;
  /** False: nobody states a checksum. */
  readonly isVerified: boolean;
}

/** Further attempts in a row that bring next to nothing. */
const MAX_VAIN_ATTEMPTS = 6;
/** What an attempt brings that is not in vain: less, again and again, would never end. */
const LEAST_BYTES = 16 * 1024;
const MAX_RETRY_MS = 60_000;

/**
 * Downloads a file as far as its last byte and checks it against its checksum; it keeps its partial name. Goes on where
 * an earlier attempt ended. Throws `TroubleError` that says what the server did wrong, and the signal's reason.
 */
export async function downloadFile(request: FileRequest): Promise<DownloadedFile> {
  const partial = await PartialFile.open(request.targetPath);
  const heldBytes = partial.receivedBytes;
  await transferAll(partial, request);
  if (await isSound(partial, request)) return downloaded(partial, request);
  // What lay here from before may have been damaged where it lay.
  await partial.discard();
  if (heldBytes > 0) {
    await transferAll(partial, request);
    if (await isSound(partial, request)) return downloaded(partial, request);
    await partial.discard();
  }
  throw refused(`${request.url} is not the file that it should be: its checksum is another. Nothing of it was kept.`);
}

async function transferAll(
  partial: PartialFile,
  { client, url, expected, onProgress, signal, timing = {} }: FileRequest,
): Promise<void> {
  const { retryMs = 1_000, stallMs } = timing;
  for (let vainAttempts = 0; ;) {
    const before = partial.receivedBytes;
    try {
      await transfer({
        client,
        url,
        partial,
        expected,
        signal,
        stallMs,
        onProgress: (bytes, totalBytes) => onProgress({ state: 'downloading', bytes, totalBytes }),
      });
      return;
    } catch (error) {
      if (!(error instanceof BrokenTransferError)) throw error;
      vainAttempts = partial.receivedBytes >= before + LEAST_BYTES ? 0 : vainAttempts + 1;
      if (vainAttempts > MAX_VAIN_ATTEMPTS)
        throw refused(`${error.message}. It was tried ${vainAttempts} times; go on later.`, { cause: error });
      onProgress({ state: 'waiting', bytes: partial.receivedBytes, totalBytes: partial.state?.totalBytes });
      await sleep(
        Math.min(MAX_RETRY_MS, Math.max(error.retryAfterMs ?? 0, retryMs * 2 ** Math.max(0, vainAttempts - 1))),
        undefined,
        { signal },
      );
    }
  }
}

function downloaded(partial: PartialFile, request: FileRequest): DownloadedFile {
  return { partial, isVerified: checksumOf(partial, request) !== undefined };
}

/** That the catalogue states, else the server. */
function checksumOf(
  partial: PartialFile,
  { expected }: FileRequest,
): { readonly algorithm: 'sha256' | 'sha512'; readonly digits: string } | undefined {
  const { sha256 = expected.sha512 === undefined ? partial.state?.sha256 : undefined, sha512 } = expected;
  if (sha256 !== undefined) return { algorithm: 'sha256', digits: sha256 };
  return sha512 === undefined ? undefined : { algorithm: 'sha512', digits: sha512 };
}

/** Whether the bytes are those of the checksum, where there is one. */
async function isSound(partial: PartialFile, request: FileRequest): Promise<boolean> {
  const { onProgress, signal } = request;
  const checksum = checksumOf(partial, request);
  if (checksum === undefined) return true;
  const totalBytes = partial.receivedBytes;
  try {
    return (
      (await partial.checksum(
        checksum.algorithm,
        (bytes) => onProgress({ state: 'verifying', bytes, totalBytes }),
        signal,
      )) === checksum.digits
    );
  } catch (error) {
    signal.throwIfAborted();
    throw new TroubleError('download-failed', `${path.basename(partial.path)} can't be read to be checked.`, {
      cause: error,
    });
  }
}
