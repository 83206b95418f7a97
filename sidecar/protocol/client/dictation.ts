import { notification, request, type NoParams } from '../messages.ts';

/**
 * Client → server request: transcribes the microphone of the sidecar's machine until `STOP_DICTATION`, silence or
 * cancellation. Streams `DictationChunk` by `$/progress` on `partialResultToken`. Only one client can dictate at a
 * time.
 */
export const DICTATE_REQUEST = request<DictateParams, DictateResult, DictationChunk>('chorus/dictate');
export interface DictateParams {
  readonly partialResultToken?: string | number;
  /** The open document that gets the text. The user may speak its identifiers. */
  readonly uri?: string;
}
export interface DictationChunk {
  /** Whether the microphone is open. The first chunk is sent when it opens. */
  readonly isListening: boolean;
  /** The whole text so far. It may still change. */
  readonly text: string;
}
export interface DictateResult {
  readonly text: string;
  readonly endedBy: 'stop' | 'silence' | 'limit';
}
/** Client → server notification: closes the microphone. The speech until then is still transcribed. */
export const STOP_DICTATION = notification<NoParams>('chorus/stopDictation');
