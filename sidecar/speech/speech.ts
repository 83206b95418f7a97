import type {
  BeginDictationParams,
  DictationReading,
  DictationSound,
  WorkProgress,
  ReadDictationParams,
  TranscribeParams,
  TranscribeResult,
  TranscriptSegment,
} from '../protocol/engine.ts';

/** Speech recognition. All methods throw `TroubleError`. */
export interface Speech {
  beginDictation(params: BeginDictationParams, options?: { readonly signal?: AbortSignal }): Promise<void>;
  addSound(sound: DictationSound): void;
  readDictation(params: ReadDictationParams, options?: { readonly signal?: AbortSignal }): Promise<DictationReading>;
  transcribe(params: TranscribeParams, options?: TranscribeEvents): Promise<TranscribeResult>;
}

export interface TranscribeEvents {
  readonly onSegment?: (segment: TranscriptSegment) => void;
  readonly onProgress?: (progress: WorkProgress) => void;
  readonly signal?: AbortSignal;
}
