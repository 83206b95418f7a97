import { TroubleError } from '../../common/troubleError.ts';

/**
 * The error if the server does not have the file, or has another one: a retry would not help. Usable bytes are kept.
 */
export function refused(message: string, options?: { cause?: unknown }): TroubleError {
  return new TroubleError('download-failed', message, options);
}

/** The transfer broke, but a retry may succeed. */
export class BrokenTransferError extends Error {
  override readonly name = 'BrokenTransferError';

  constructor(
    message: string,
    /** The delay that the server asks for. */
    readonly retryAfterMs?: number,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Another client ended the download. */
export class DownloadCancelledError extends Error {
  override readonly name = 'DownloadCancelledError';
}

/**
 * The error for a failed write to a file or folder. `isKept` tells that the written bytes stay and the next attempt
 * continues there.
 */
export function writeFailure(file: string, error: unknown, { isKept = false } = {}): TroubleError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const what = isFull
    ? `The disk is full. Free some space and ${isKept ? 'go on: what was downloaded is kept.' : 'try again.'}`
    : "It can't be written.";
  return new TroubleError(isFull ? 'disk-full' : 'download-failed', `${file}: ${what} (${code})`, { cause: error });
}
