import type { Trouble, TroubleCode } from '../../sidecar/protocol/client.ts';

/** The sidecar answered a request with a problem that is described for the user. */
export class TroubleError extends Error {
  override readonly name = 'TroubleError';
  readonly code: TroubleCode;
  readonly trouble: Trouble;

  constructor(trouble: Trouble, options?: { cause?: unknown }) {
    super(trouble.message, options);
    this.code = trouble.code;
    this.trouble = trouble;
  }
}

/** Returns the `Trouble` in a response error's `data`, if there is one. */
export function troubleOf(data: unknown): Trouble | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { code, message } = data as Partial<Trouble>;
  return typeof code === 'string' && typeof message === 'string' ? (data as Trouble) : undefined;
}
