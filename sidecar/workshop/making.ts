import type { WorkProgress } from '../protocol/engine.ts';
import type {
  LowRankUpcycleParams,
  LowRankUpcycleResult,
  OutliersParams,
  OutliersResult,
  QuantizeParams,
  QuantizeResult,
  SelectParams,
  SelectResult,
  TrimParams,
  TrimResult,
  UpcycleParams,
  UpcycleResult,
} from './protocol.ts';

export interface MakingOptions {
  readonly onProgress?: (progress: WorkProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Makes models from others, or analyses a model. Needs no loaded model. All methods throw `TroubleError` and leave
 * nothing in that case.
 */
export interface Making {
  upcycle(params: UpcycleParams, options?: MakingOptions): Promise<UpcycleResult>;
  upcycleLowRank(params: LowRankUpcycleParams, options?: MakingOptions): Promise<LowRankUpcycleResult>;
  quantize(params: QuantizeParams, options?: MakingOptions): Promise<QuantizeResult>;
  outliers(params: OutliersParams, options?: MakingOptions): Promise<OutliersResult>;
  trim(params: TrimParams, options?: MakingOptions): Promise<TrimResult>;
  selectRows(params: SelectParams, options?: MakingOptions): Promise<SelectResult>;
}
