import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { formatBytes } from '../../models/gguf/header.ts';
import { failureReason } from '../../common/http/failureReason.ts';
import { HttpRefusalError, type HttpClient, type HttpResponse } from '../../common/http/httpClient.ts';
import { retryAfterMs } from '../../common/http/retryAfter.ts';
import { requireSpace } from './diskSpace.ts';
import { BrokenTransferError, refused, writeFailure } from './errors.ts';
import type { PartialFile } from './partialFile.ts';
import { remoteFile, unsatisfiedSize, type RemoteFile } from './remoteFile.ts';

export interface TransferRequest {
  readonly client: HttpClient;
  readonly url: string;
  readonly partial: PartialFile;
  readonly expected: ExpectedFile;
  readonly onProgress: (receivedBytes: number, totalBytes: number | undefined) => void;
  readonly signal: AbortSignal;
  readonly stallMs?: number;
  /** Bytes that stay free on the disk for other programs. */
  readonly reserveBytes?: number;
}

/** The catalogue's description of a file. */
export interface ExpectedFile {
  /** Exact if there is a checksum, else approximate. */
  readonly sizeBytes: number;
  /** In hexadecimal digits. */
  readonly sha256?: string;
  /** In hexadecimal digits, if there is no SHA-256. The size is approximate then. */
  readonly sha512?: string;
}

/** A server may have another conversion of the model than the catalogue describes, but not a much larger one. */
const MOST_TIMES_LARGER = 2;

/**
 * Makes one request, from the end of `partial` if the server still has the same file, or else from the beginning.
 * Resolves when all bytes have arrived. Throws `BrokenTransferError` if a retry may help, else `TroubleError`.
 */
export async function transfer(request: TransferRequest): Promise<void> {
  const { client, url, partial, signal, stallMs } = request;
  if (partial.state && partial.receivedBytes === partial.state.totalBytes) return;
  let response: HttpResponse;
  try {
    response = await client.get(url, {
      headers: { 'accept-encoding': 'identity', ...rangeHeaders(request) },
      signal,
      stallMs,
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HttpRefusalError) throw refused(`${error.message}.`, { cause: error });
    throw new BrokenTransferError(`${url} can't be reached: ${failureReason(error)}`, undefined, { cause: error });
  }
  try {
    await takeResponse(response, request);
  } finally {
    response.body.destroy();
    await partial.close();
  }
}

/**
 * Requests the remaining bytes only if the server's validator, or a checksum at the end, proves that they belong to the
 * same file.
 */
function rangeHeaders({ partial, url, expected }: TransferRequest): Record<string, string> {
  const { state, receivedBytes } = partial;
  if (!state || receivedBytes === 0 || state.url !== url) return {};
  if (state.validator !== undefined) return { range: `bytes=${receivedBytes}-`, 'if-range': state.validator };
  return (expected.sha256 ?? expected.sha512 ?? state.sha256) === undefined ? {} : { range: `bytes=${receivedBytes}-` };
}

async function takeResponse(response: HttpResponse, request: TransferRequest): Promise<void> {
  const { partial, url } = request;
  if (response.status === 416) {
    if (partial.receivedBytes > 0 && unsatisfiedSize(response.headers) === partial.receivedBytes) return;
    await partial.discard();
    throw new BrokenTransferError(`${url} has no bytes after those that are here: the file there is another one now`);
  }
  requireSuccess(response, url);
  const remote = remoteFile(url, response);
  if (!remote || remote.offset !== (response.status === 206 ? partial.receivedBytes : 0)) {
    await partial.discard();
    throw new BrokenTransferError(
      `${url} answers with a part that was not asked for (${response.headers.get('content-range') ?? 'no range'})`,
    );
  }
  requireExpected(remote, request);
  if (response.status === 206 && isOther(remote, partial)) {
    await partial.discard();
    throw new BrokenTransferError(`${url} has changed since the first part of it was downloaded`);
  }
  await requireSpace(
    path.dirname(partial.targetPath),
    (remote.totalBytes ?? request.expected.sizeBytes) - remote.offset,
    path.basename(partial.targetPath),
    request.reserveBytes,
  );
  try {
    const { offset, ...state } = remote;
    if (offset === 0) await partial.begin(state);
  } catch (error) {
    throw writeFailure(partial.targetPath, error, { isKept: true });
  }
  await takeBytes(response, remote, request);
}

function requireSuccess({ status, headers }: HttpResponse, url: string): void {
  if (status === 200 || status === 206) return;
  const said = `${url} answers with HTTP status ${status}`;
  if (status === 408 || status === 429 || status >= 500) throw new BrokenTransferError(said, retryAfterMs(headers));
  if (status === 401 || status === 403)
    throw refused(
      `${said}: it gives the file only to whom it knows, or who accepted a licence there. Download it with a browser and import it.`,
    );
  throw refused(`${said}${status === 404 || status === 410 ? ': the file is not there any more' : ''}.`);
}

/** Throws if the server has another file than the catalogue describes. */
function requireExpected({ totalBytes, sha256 }: RemoteFile, { url, expected }: TransferRequest): void {
  if (expected.sha256 !== undefined && sha256 !== undefined && sha256 !== expected.sha256) {
    throw refused(`${url} is a file with the checksum ${sha256}, expected ${expected.sha256}.`);
  }
  if (totalBytes === undefined) return;
  const isWrong =
    expected.sha256 === undefined
      ? totalBytes > MOST_TIMES_LARGER * expected.sizeBytes
      : totalBytes !== expected.sizeBytes;
  if (isWrong)
    throw refused(
      `${url} has ${totalBytes} bytes (${formatBytes(totalBytes)}), expected ${expected.sha256 === undefined ? 'about ' : ''}${expected.sizeBytes}.`,
    );
}

/** Returns whether the server's bytes belong to another file than the received ones. */
function isOther(remote: RemoteFile, { state }: PartialFile): boolean {
  const differ = (a: unknown, b: unknown): boolean => a !== undefined && b !== undefined && a !== b;
  return (
    differ(remote.validator, state?.validator) ||
    differ(remote.sha256, state?.sha256) ||
    differ(remote.totalBytes, state?.totalBytes)
  );
}

async function takeBytes({ body }: HttpResponse, { totalBytes }: RemoteFile, request: TransferRequest): Promise<void> {
  const { partial, url, expected, signal, onProgress } = request;
  const mostBytes = totalBytes ?? MOST_TIMES_LARGER * expected.sizeBytes;
  onProgress(partial.receivedBytes, totalBytes);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (partial.receivedBytes + chunk.length > mostBytes) throw refused(`${url} sends more than ${mostBytes} bytes.`);
      await partial.append(chunk).catch((error: unknown) => {
        throw writeFailure(partial.targetPath, error, { isKept: true });
      });
      onProgress(partial.receivedBytes, totalBytes);
    }
    await partial.flush().catch((error: unknown) => {
      throw writeFailure(partial.targetPath, error, { isKept: true });
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TroubleError) throw error;
    throw new BrokenTransferError(
      `${url} broke off after ${partial.receivedBytes} bytes: ${failureReason(error)}`,
      undefined,
      { cause: error },
    );
  }
  if (totalBytes !== undefined && partial.receivedBytes < totalBytes)
    throw new BrokenTransferError(`${url} ended after ${partial.receivedBytes} of ${totalBytes} bytes`);
}
