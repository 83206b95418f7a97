import { TroubleError } from '../common/troubleError.ts';

/**
 * A server gave nothing of an answer: it can't be reached, is too busy, refuses the key, or is none of the expected
 * kind. The same request may go to the local model instead.
 */
export class ServerUnavailableError extends TroubleError {
  constructor(
    message: string,
    readonly options: {
      readonly cause?: unknown;
      readonly retryAfterMs?: number | undefined;
      readonly status?: number;
    } = {},
  ) {
    super('server-unavailable', message, { cause: options.cause });
  }
}

/**
 * A server that could be reached failed at this request. Throwing it says that another server or model would not have
 * got the same request.
 */
export function serverFailed(message: string, cause?: unknown): TroubleError {
  return new TroubleError('server-failed', message, { cause });
}
