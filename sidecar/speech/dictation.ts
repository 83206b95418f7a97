import { blankBetween } from '../../l10n/blankBetween.ts';
import type { DictationReading } from '../protocol/engine.ts';
import { FRAME_REACH_SAMPLES, SAMPLE_RATE_HZ } from './logMel.ts';
import type { TranscribedWindow, WindowTranscriber } from './windowTranscriber.ts';

/** After this many seconds, text before a pause is settled and not decoded again. */
const SETTLED_SECONDS = 8;
const PAUSE_SECONDS = 0.8;
/** Silence to keep, so that a first consonant is not cut. */
const KEPT_SILENCE_SECONDS = 1;
/**
 * The shortest rest of speech behind the last whole segment that is worth another window. For shorter rests, voice
 * detection and decoder merely disagree about the end of the speech.
 */
const UNREAD_SECONDS = 0.3;
/** While the user speaks, decoding is greedy, since the text is decoded again with the next piece of sound. */
const WHILE_SPEAKING: readonly number[] = [0];

/**
 * Transcribes sound while it arrives. The growing window is decoded again and again. Text before a pause is decoded a
 * last time with full accuracy, and is then settled.
 */
export class Dictation {
  /** Set when the model has been loaded. */
  transcriber: WindowTranscriber | undefined;
  #sound = new Float32Array(0);
  #settled = '';
  #hasSpeech = false;
  #language: string;
  /** The number of samples that were added and analysed, and the end of the last speech in the analysed samples. */
  #added = 0;
  #heard = 0;
  #lastSpeechEnd = 0;

  /** `beamSize` applies to text that is settled. Readings during speech are greedy. */
  constructor(
    private readonly options: {
      readonly language: string;
      readonly beamSize?: number;
      readonly phrases?: readonly string[];
    },
  ) {
    this.#language = options.language;
  }

  /** Appends samples at 16 kHz. */
  add(samples: Float32Array): void {
    const sound = new Float32Array(this.#sound.length + samples.length);
    sound.set(this.#sound);
    sound.set(samples, this.#sound.length);
    this.#sound = sound;
    this.#added += samples.length;
  }

  async read({
    isFinal,
    signal,
  }: {
    readonly isFinal: boolean;
    readonly signal?: AbortSignal;
  }): Promise<DictationReading> {
    const { transcriber } = this;
    if (!transcriber) return this.#reading('');
    while (this.#sound.length > 0) {
      const available = Math.min(this.#sound.length, transcriber.windowSamples);
      let window = await this.#window(transcriber, available, { stays: isFinal, signal });
      if (!isFinal && settledSamples(window, available, transcriber.windowSamples) > 0 && window.speech.length > 0)
        window = await this.#window(transcriber, available, { stays: true, signal });
      const settled =
        settledSamples(window, available, transcriber.windowSamples) || (isFinal ? unreadFrom(window) : 0);
      const text = window.segments.reduce((said, segment) => joined(said, segment.text), '');
      if (settled === 0) return this.#reading(text);
      this.#settle(text, window.language, settled);
      // A full window, or a decoder that stopped early, leaves sound behind its last whole segment without text.
      if (!isFinal) break;
    }
    return this.#reading('');
  }

  /** Transcribes the first `available` samples, quickly or with full accuracy (`stays`). */
  async #window(
    transcriber: WindowTranscriber,
    available: number,
    { stays, signal }: { readonly stays: boolean; readonly signal: AbortSignal | undefined },
  ): Promise<TranscribedWindow> {
    const samples = new Float32Array(transcriber.windowSamples + 2 * FRAME_REACH_SAMPLES);
    samples.set(this.#sound.subarray(0, available), FRAME_REACH_SAMPLES);
    const { beamSize, phrases } = this.options;
    const options = {
      language: this.#language,
      previous: [],
      temperatures: stays ? undefined : WHILE_SPEAKING,
      beamSize: stays ? beamSize : 1,
      briefWindows: !stays,
      phrases,
      signal,
    };
    const start = this.#added - this.#sound.length;
    this.#heard = start + available;
    const window = await transcriber.transcribeWindow(samples, available, options);
    const last = window.speech.at(-1);
    if (last) {
      this.#hasSpeech = true;
      this.#lastSpeechEnd = Math.max(this.#lastSpeechEnd, start + Math.round(last.end * SAMPLE_RATE_HZ));
    }
    return window;
  }

  /**
   * Settles text that will not change any more, and drops its sound. The language of spoken text becomes the language
   * of the following windows.
   */
  #settle(text: string, language: string, samples: number): void {
    if (text !== '') this.#language = language;
    this.#settled = joined(this.#settled, text);
    this.#sound = this.#sound.slice(samples);
  }

  #reading(text: string): DictationReading {
    return {
      text: joined(this.#settled, text),
      hasSpeech: this.#hasSpeech,
      silenceSeconds: Math.max(0, this.#heard - this.#lastSpeechEnd) / SAMPLE_RATE_HZ,
    };
  }
}

/**
 * How many samples of a window are settled: silence, speech before a pause, and the whole segments of a full window.
 */
function settledSamples({ speech, nextSeconds }: TranscribedWindow, available: number, windowSamples: number): number {
  const last = speech.at(-1);
  const isFull = available === windowSamples;
  // A full window of silence may be shorter than the kept silence. It would never be settled.
  if (!last) return Math.max(isFull ? 1 : 0, available - KEPT_SILENCE_SECONDS * SAMPLE_RATE_HZ);
  const seconds = available / SAMPLE_RATE_HZ;
  const isPaused = seconds > SETTLED_SECONDS && seconds - last.end > PAUSE_SECONDS;
  if (isPaused) return Math.round(Math.min(nextSeconds, last.end) * SAMPLE_RATE_HZ);
  return isFull ? Math.round(nextSeconds * SAMPLE_RATE_HZ) : 0;
}

/**
 * The start of speech that the text does not cover yet: behind the last whole segment of a text that was cut. 0 if
 * there is none.
 */
function unreadFrom({ speech, nextSeconds }: TranscribedWindow): number {
  const last = speech.at(-1);
  return last && last.end - nextSeconds > UNREAD_SECONDS ? Math.round(nextSeconds * SAMPLE_RATE_HZ) : 0;
}

const joined = (a: string, b: string): string => `${a}${blankBetween(a, b)}${b}`;
