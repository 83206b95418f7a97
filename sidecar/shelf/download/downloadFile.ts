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
  /** Bytes that were received, or read again during verification. */
  readonly bytes: number;
  readonly totalBytes?: number;
}
export interface DownloadTiming {
  /** A server that sends nothing for this long has stalled. */
  readonly stallMs?: number;
  /** The wait before the first retry. Each attempt that brings hardly any bytes doubles it. */
  readonly retryMs?: number;
}

export interface DownloadedFile {
  readonly partial: PartialFile;
  /** False if neither the catalogue nor the server gives a checksum. */
  readonly isVerified: boolean;
}

/** The most retries in a row that bring hardly any bytes. */
const MAX_VAIN_ATTEMPTS = 6;
/** An attempt that brings fewer bytes counts as failed: a download of such attempts would never end. */
const LEAST_BYTES = 16 * 1024;
const MAX_RETRY_MS = 60_000;

/**
 * Downloads a file completely and compares its checksum. The file keeps its partial name. Continues an earlier attempt.
 * Throws `TroubleError` that tells the server's fault, and the signal's reason.
 */
export async function downloadFile(request: FileRequest): Promise<DownloadedFile> {
  const partial = await PartialFile.open(request.targetPath);
  const heldBytes = partial.receivedBytes;
  await transferAll(partial, request);
  if (await isSound(partial, request)) return downloaded(partial, request);
  // The bytes of an earlier attempt may have been damaged on the disk.
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

/** The catalogue's checksum, or else the server's. */
function checksumOf(
  partial: PartialFile,
  { expected }: FileRequest,
): { readonly algorithm: 'sha256' | 'sha512'; readonly digits: string } | undefined {
  const { sha256 = expected.sha512 === undefined ? partial.state?.sha256 : undefined, sha512 } = expected;
  if (sha256 !== undefined) return { algorithm: 'sha256', digits: sha256 };
  return sha512 === undefined ? undefined : { algorithm: 'sha512', digits: sha512 };
}

/** Returns whether the bytes match their checksum; true if there is none. */
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
