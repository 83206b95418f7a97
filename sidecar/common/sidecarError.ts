/**
 * What went wrong on the way to the sidecar. A client localises by `code`; `message` is plain English and complete in
 * itself.
 */
export type SidecarErrorCode =
  /** The process could not be started, or ended before it was ready. `detail` holds the last lines it wrote. */
  | 'start-failed'
  /** It ended several times in a short time and is not started again by itself. `detail` as above. */
  | 'crash-loop'
  /** A newer or older sidecar runs whose protocol this client does not speak. */
  | 'incompatible'
  /** What answered on the port is not the sidecar of the state file, or refused the token: that sidecar is gone. */
  | 'refused'
  /** The port refused the connection: the sidecar is gone. */
  | 'not-running'
  /** The sidecar has as many clients as it takes. */
  | 'full'
  /** Nothing answered on the port in time, or the connection broke: the sidecar may be busy, or stopped. */
  | 'unreachable'
  /** The connection ended while something waited on it. */
  | 'closed'
  /** A message larger than a frame may be was not sent. */
  | 'message-too-large'
  /** The per-user folder cannot be used. */
  | 'home-unusable';

/** A failure on the way to the sidecar, in words for the user. */
export class SidecarError extends Error {
  override readonly name = 'SidecarError';

  constructor(
    readonly code: SidecarErrorCode,
    message: string,
    options?: { cause?: unknown; detail?: string },
  ) {
    super(message, { cause: options?.cause });
    this.detail = options?.detail;
  }

  /** Last lines that the sidecar wrote. Holds no code of the user's. */
  readonly detail: string | undefined;
}
