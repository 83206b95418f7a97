import { CUDA_ADD_ON_MISSING, type SidecarStatus } from '../../sidecar/protocol/client.ts';

/** The record of earlier offers to install CUDA's libraries. */
export interface CudaOfferMemory {
  /** The user refused further offers. */
  readonly isDeclined?: boolean;
  /** The time of the last offer, as of `Date.now()`. */
  readonly offeredMs?: number;
}

/** The minimum time until a postponed or closed offer is repeated. */
const REPEAT_AFTER_MS = 7 * 24 * 60 * 60_000;

/** Returns whether to offer the CUDA libraries: the sidecar found CUDA on this machine but lacks the libraries. */
export function shouldOfferCuda(status: SidecarStatus | undefined, memory: CudaOfferMemory, nowMs: number): boolean {
  const reasons = [...(status?.deviceReasons ?? []), status?.trouble?.message ?? ''];
  if (!reasons.some((reason) => reason.includes(CUDA_ADD_ON_MISSING))) return false;
  return !memory.isDeclined && (memory.offeredMs === undefined || nowMs - memory.offeredMs >= REPEAT_AFTER_MS);
}
