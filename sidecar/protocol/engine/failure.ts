import type { TroubleCode } from '../client.ts';

/** `ResponseError.data` of a failed engine request. */
export interface EngineErrorData {
  readonly code: TroubleCode;
  readonly detail?: string;
}
/** JSON-RPC error code of every engine failure that is the input's fault. */
export const ENGINE_ERROR = -32010;
