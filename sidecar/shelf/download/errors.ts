import { TroubleError } from '../../common/troubleError.ts';

/**
 * The server can't give the file, or gives another: asking again would not help. What was downloaded stays where it can
 * be used.
 */
export function refused(message: string, options?: { cause?: unknown }): TroubleError {
  return new TroubleError('download-failed', message, options);
}

/** The transfer broke; the same request may succeed in a moment. */
export class BrokenTransferError extends Error {
  override readonly name = 'BrokenTransferError';

  constructor(
    message: string,
    /** How long the server asks to be left alone. */
    readonly retryAfterMs?: number,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Somebody else ended a download that its client waits for. */
export class DownloadCancelledError extends Error {
  override readonly name = 'DownloadCancelledError';
}

/**
 * Words for what the file system said of a file or folder that is written. `isKept`: what was written of it so far
 * stays, and the next attempt goes on there.
 */
export function writeFailure(file: string, error: unknown, { isKept = false } = {}): TroubleError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const what = isFull
    ? `The disk is full. Free some space and ${isKept ? 'go on: what was downloaded is kept.' : 'try again.'}`
    : "It can't be written.";
  return new TroubleError(isFull ? 'disk-full' : 'download-failed', `${file}: ${what} (${code})`, { cause: error });
}
