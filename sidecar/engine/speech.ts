import type { MakingProgress, TranscribeParams, TranscribeResult, TranscriptSegment } from '../protocol/engine.ts';

/** Writes down what is said. All throw `TroubleError`. */
export interface Speech {
  transcribe(params: TranscribeParams, options?: TranscribeEvents): Promise<TranscribeResult>;
}

export interface TranscribeEvents {
  readonly onSegment?: (segment: TranscriptSegment) => void;
  readonly onProgress?: (progress: MakingProgress) => void;
  readonly signal?: AbortSignal;
}
