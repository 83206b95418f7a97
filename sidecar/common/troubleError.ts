import type { TroubleCode } from '../protocol/client.ts';

/**
 * A failure that the user can understand and act on. A client uses `code` to localise the message and to offer help.
 */
export class TroubleError extends Error {
  override readonly name = 'TroubleError';

  constructor(
    readonly code: TroubleCode,
    message: string,
    options?: { cause?: unknown; detail?: string },
  ) {
    super(message, { cause: options?.cause });
    this.detail = options?.detail;
  }

  /** The last lines that a crashed process wrote. */
  readonly detail: string | undefined;
}
