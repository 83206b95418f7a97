import { notification, request, type NoParams } from '../messages.ts';

/**
 * Client → server request: listens to the microphone of the sidecar's machine and writes down what is said, until
 * `STOP_DICTATION`, silence or cancellation. Streams `DictationChunk` by `$/progress` on `partialResultToken`. One
 * client listens at a time.
 */
export const DICTATE_REQUEST = request<DictateParams, DictateResult, DictationChunk>('chorus/dictate');
export interface DictateParams {
  readonly partialResultToken?: string | number;
  /** An open document that is dictated into, and whose identifiers may be said. */
  readonly uri?: string;
}
export interface DictationChunk {
  /** The microphone is open from the first chunk on. */
  readonly isListening: boolean;
  /** All that was said so far; it may still change. */
  readonly text: string;
}
export interface DictateResult {
  readonly text: string;
  readonly endedBy: 'stop' | 'silence' | 'limit';
}
/** Client → server notification: closes the microphone; what was said until then is still written down. */
export const STOP_DICTATION = notification<NoParams>('chorus/stopDictation');
