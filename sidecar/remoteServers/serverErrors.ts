import { TroubleError } from '../common/troubleError.ts';

/**
 * A server gave no part of an answer: it cannot be reached, is too busy, refuses the key, or is no OpenAI-compatible
 * server. The same request may go to the local model instead.
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
 * Returns the error for a reachable server that failed at this request. The request is not sent to another server or
 * model.
 */
export function serverFailed(message: string, cause?: unknown): TroubleError {
  return new TroubleError('server-failed', message, { cause });
}
