import type { MakingProgress, QuantizeParams, QuantizeResult, UpcycleParams, UpcycleResult } from '../protocol/engine.ts';

export interface MakingOptions {
  readonly onProgress?: (progress: MakingProgress) => void;
  readonly signal?: AbortSignal;
}

/** Makes models of others; needs none that is loaded. All throw `TroubleError` and leave nothing then. */
export interface Making {
  upcycle(params: UpcycleParams, options?: MakingOptions): Promise<UpcycleResult>;
  quantize(params: QuantizeParams, options?: MakingOptions): Promise<QuantizeResult>;
}
