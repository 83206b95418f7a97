import type { DeviceChoice } from '../client.ts';
import { notification, request } from '../messages.ts';

/** A speech model and its device. The engine does not load a model again that already runs. */
export interface SpeechModelParams {
  /** The absolute path of the model's file. */
  readonly modelPath: string;
  readonly device: Exclude<DeviceChoice, 'auto'>;
  /** 0: chosen automatically. */
  readonly threads: number;
}

/** Parent → engine: transcribes a file. Sends segments by `TRANSCRIBED` and progress by `WORK_PROGRESS`. */
export const TRANSCRIBE = request<TranscribeParams, TranscribeResult>('engine/transcribe');
export interface TranscribeParams {
  readonly model: SpeechModelParams;
  /** Absolute path of a WAV file. */
  readonly soundPath: string;
  /** BCP 47 tag, or "auto". */
  readonly language: string;
  /**
   * The temperatures to try in turn. The next one is tried if the result is unlikely or repeats itself. Absent: those
   * of Whisper.
   */
  readonly temperatures?: readonly number[];
  /** The beam size, 1 to 8. Default 1: greedy. */
  readonly beamSize?: number;
  /** Phrases to favour, in words and lower case. */
  readonly phrases?: readonly string[];
  /** Whether the decoder gets the text so far. */
  readonly withContext: boolean;
  /** Whether to leave out text at times without speech. */
  readonly onlySpeech: boolean;
  /**
   * Whether to read only a little silence after the sound. A short recording is then faster, and a few words differ.
   */
  readonly briefWindows?: boolean;
}
export interface TranscribeResult {
  /** The length of the sound. */
  readonly durationSeconds: number;
  /** The time of the transcription, without loading the model. */
  readonly elapsedSeconds: number;
}
/** Engine → parent: a segment of the transcript, in order of time. */
export const TRANSCRIBED = notification<TranscriptSegment>('engine/transcribed');
export interface TranscriptSegment {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly text: string;
}

/**
 * Parent → engine: begins a transcription of sound that comes in pieces, and forgets the previous one. Responds when
 * the model is loaded.
 */
export const BEGIN_DICTATION = request<BeginDictationParams, null>('engine/beginDictation');
export interface BeginDictationParams {
  readonly model: SpeechModelParams;
  /** BCP 47 tag, or "auto". */
  readonly language: string;
  /** The beam size of the final transcription, 1 to 8. Default 1: greedy. */
  readonly beamSize?: number;
  /** As in `TranscribeParams`. */
  readonly phrases?: readonly string[];
}
/** Parent → engine: sound at 16 kHz. May come before the response to `BEGIN_DICTATION`. */
export const DICTATION_SOUND = notification<DictationSound>('engine/dictationSound');
export interface DictationSound {
  /** Little-endian 16-bit samples in base64. */
  readonly samples: string;
}
/** Parent → engine: returns the text so far. */
export const READ_DICTATION = request<ReadDictationParams, DictationReading>('engine/readDictation');
export interface ReadDictationParams {
  /** No more sound follows. The engine then decodes with full accuracy. */
  readonly isFinal: boolean;
}
export interface DictationReading {
  readonly text: string;
  readonly hasSpeech: boolean;
  /** The time since the last speech, or since the beginning. */
  readonly silenceSeconds: number;
}
