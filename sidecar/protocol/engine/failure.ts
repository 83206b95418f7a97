import type { TroubleCode } from '../client.ts';

/** `ResponseError.data` of a failed engine request. */
export interface EngineErrorData {
  readonly code: TroubleCode;
  readonly detail?: string;
}
/** The JSON-RPC error code of every engine request that failed. */
export const ENGINE_ERROR = -32010;
