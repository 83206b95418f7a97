import { CUDA_ADD_ON_MISSING, type SidecarStatus } from '../../sidecar/protocol/client.ts';

/** What is remembered of earlier offers to install CUDA's libraries. */
export interface CudaOfferMemory {
  /** The user wants no further offer. */
  readonly isDeclined?: boolean;
  /** When the last offer was made, as of `Date.now()`. */
  readonly offeredMs?: number;
}

/** An offer that was put off, or closed, is not made again sooner than this. */
const REPEAT_AFTER_MS = 7 * 24 * 60 * 60_000;

/**
 * Whether to offer the CUDA libraries: the sidecar found CUDA on this machine and could not use it for want of them.
 */
export function shouldOfferCuda(status: SidecarStatus | undefined, memory: CudaOfferMemory, nowMs: number): boolean {
  const reasons = [...(status?.deviceReasons ?? []), status?.trouble?.message ?? ''];
  if (!reasons.some((reason) => reason.includes(CUDA_ADD_ON_MISSING))) return false;
  return !memory.isDeclined && (memory.offeredMs === undefined || nowMs - memory.offeredMs >= REPEAT_AFTER_MS);
}
