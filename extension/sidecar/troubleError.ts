import type { Trouble, TroubleCode } from '../../sidecar/protocol/client.ts';

/** The sidecar answered a request with a failure in words for the user. */
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

/** The `Trouble` in a response error's `data`, if there is one. */
export function troubleOf(data: unknown): Trouble | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { code, message } = data as Partial<Trouble>;
  return typeof code === 'string' && typeof message === 'string' ? (data as Trouble) : undefined;
}
