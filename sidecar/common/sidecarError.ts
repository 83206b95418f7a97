/** Why the sidecar can't be reached. A client localises by `code`; `message` is complete in plain English. */
export type SidecarErrorCode =
  /** The process could not be started, or ended before it was ready. `detail` has the last lines that it wrote. */
  | 'start-failed'
  /** The process ended several times in a short time, so it is not started again automatically. `detail` as above. */
  | 'crash-loop'
  /** A newer or older sidecar is running, whose protocol this client does not speak. */
  | 'incompatible'
  /** The server on the port is not the sidecar of the state file, or refused the token: that sidecar is gone. */
  | 'refused'
  /** The port refused the connection: the sidecar is gone. */
  | 'not-running'
  /** The sidecar has the maximum number of clients. */
  | 'full'
  /** Nothing answered on the port in time, or the connection broke: the sidecar may be busy or stopped. */
  | 'unreachable'
  /** The connection ended while a request waited for its answer. */
  | 'closed'
  /** A message was not sent, since it is larger than a frame may be. */
  | 'message-too-large'
  /** The per-user folder cannot be used. */
  | 'home-unusable';

/** The sidecar can't be reached. The message is for the user. */
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

  /** The last lines that the sidecar wrote. They never contain the user's code. */
  readonly detail: string | undefined;
}
