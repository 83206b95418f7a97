import type { DeviceChoice } from '../client.ts';
import { notification, request } from '../messages.ts';

/** Which speech model to run, and where. A model that runs already is not loaded again. */
export interface SpeechModelParams {
  /** Absolute path of a `ggml-*.bin` of whisper.cpp. */
  readonly modelPath: string;
  readonly device: Exclude<DeviceChoice, 'auto'>;
  /** 0 chooses. */
  readonly threads: number;
}

/** Parent → engine: writes down what is said in a file. Segments come by `TRANSCRIBED`, progress by `WORK_PROGRESS`. */
export const TRANSCRIBE = request<TranscribeParams, TranscribeResult>('engine/transcribe');
export interface TranscribeParams {
  readonly model: SpeechModelParams;
  /** Absolute path of a WAV file. */
  readonly soundPath: string;
  /** BCP 47 tag, or "auto". */
  readonly language: string;
  /**
   * Beginning with one decodes greedily; others follow where the result is unlikely or repeats itself. Absent:
   * Whisper's.
   */
  readonly temperatures?: readonly number[];
  /** Texts that are followed at once, 1 to 8; 1 is greedy. Default 1. */
  readonly beamSize?: number;
  /** In words and small letters: they become likelier. */
  readonly phrases?: readonly string[];
  /** Tells the decoder the text so far. */
  readonly withContext: boolean;
  /** Leaves out what stands where nobody speaks. */
  readonly onlySpeech: boolean;
  /** Reads little of the silence behind the sound: a short recording is done sooner, and a few words differ. */
  readonly briefWindows?: boolean;
}
export interface TranscribeResult {
  /** Of the sound. */
  readonly durationSeconds: number;
  /** What transcribing took, without loading the model. */
  readonly elapsedSeconds: number;
}
/** Engine → parent: a segment, in order of time. */
export const TRANSCRIBED = notification<TranscriptSegment>('engine/transcribed');
export interface TranscriptSegment {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly text: string;
}

/**
 * Parent → engine: gets ready to write down sound that comes in pieces; forgets what came before. Answers when the
 * model is loaded.
 */
export const BEGIN_DICTATION = request<BeginDictationParams, null>('engine/beginDictation');
export interface BeginDictationParams {
  readonly model: SpeechModelParams;
  /** BCP 47 tag, or "auto". */
  readonly language: string;
  /** Of the last reading, as in `TranscribeParams`. */
  readonly beamSize?: number;
  readonly phrases?: readonly string[];
}
/** Parent → engine, notification: sound at 16 kHz. May come before `BEGIN_DICTATION` is answered. */
export const DICTATION_SOUND = notification<DictationSound>('engine/dictationSound');
export interface DictationSound {
  /** 16-bit samples, little-endian, in base64. */
  readonly samples: string;
}
/** Parent → engine: what was said so far. */
export const READ_DICTATION = request<ReadDictationParams, DictationReading>('engine/readDictation');
export interface ReadDictationParams {
  /** No more comes: it is decoded with care. */
  readonly isFinal: boolean;
}
export interface DictationReading {
  readonly text: string;
  readonly hasSpeech: boolean;
  /** Since somebody spoke last, or since the beginning. */
  readonly silenceSeconds: number;
}
