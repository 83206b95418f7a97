import type { DictationReading } from '../protocol/engine.ts';
import { FRAME_REACH_SAMPLES, SAMPLE_RATE_HZ } from './logMel.ts';
import type { TranscribedWindow, WindowTranscriber } from './windowTranscriber.ts';

/** What is said longer ago, before a pause, is not decoded again. */
const SETTLED_SECONDS = 8;
const PAUSE_SECONDS = 0.8;
/** Kept of silence, so that a first consonant is not cut. */
const KEPT_SILENCE_SECONDS = 1;
/** Greedy, and in brief windows: the text is decoded again with the next piece of sound. */
const WHILE_SPEAKING: readonly number[] = [0];

/** Text of sound that is still coming: the growing window is decoded again and again, and what lies before a pause is settled. */
export class Dictation {
  /** Set when the model is loaded. */
  transcriber: WindowTranscriber | undefined;
  #sound = new Float32Array(0);
  #settled = '';
  #hasSpeech = false;
  #language: string;
  /** Samples that were added, and the end of the last speech among them. */
  #added = 0;
  #lastSpeechEnd = 0;

  /** `beamSize` is that of the last reading; those before it are greedy. */
  constructor(private readonly options: { readonly language: string; readonly beamSize?: number; readonly phrases?: readonly string[] }) {
    this.#language = options.language;
  }

  /** Takes the next samples at 16 kHz. */
  add(samples: Float32Array): void {
    const sound = new Float32Array(this.#sound.length + samples.length);
    sound.set(this.#sound);
    sound.set(samples, this.#sound.length);
    this.#sound = sound;
    this.#added += samples.length;
  }

  async read({ isFinal, signal }: { readonly isFinal: boolean; readonly signal?: AbortSignal }): Promise<DictationReading> {
    const { transcriber } = this;
    if (!transcriber || this.#sound.length === 0) return this.#reading('');
    let settled: { readonly text: string; readonly isFull: boolean };
    do {
      const available = Math.min(this.#sound.length, transcriber.windowSamples);
      const samples = new Float32Array(transcriber.windowSamples + 2 * FRAME_REACH_SAMPLES);
      samples.set(this.#sound.subarray(0, available), FRAME_REACH_SAMPLES);
      const window = await transcriber.transcribeWindow(samples, available, { language: this.#language, previous: [], temperatures: isFinal ? undefined : WHILE_SPEAKING, beamSize: isFinal ? this.options.beamSize : 1, briefWindows: !isFinal, phrases: this.options.phrases, signal });
      const offset = this.#added - this.#sound.length;
      const last = window.speech.at(-1);
      if (last) {
        this.#hasSpeech = true;
        this.#lastSpeechEnd = Math.max(this.#lastSpeechEnd, offset + Math.round(last.end * SAMPLE_RATE_HZ));
      }
      settled = this.#settle(window, available, transcriber.windowSamples);
      // Behind a full window's last whole sentence is sound that no text stands for yet.
    } while (isFinal && settled.isFull && this.#sound.length > 0);
    return this.#reading(settled.text);
  }

  /** Moves what does not change any more to the settled text and drops its sound; gives the text of the rest, and whether the sound filled the window. */
  #settle({ segments, speech, nextSeconds, language }: TranscribedWindow, available: number, windowSamples: number): { readonly text: string; readonly isFull: boolean } {
    const seconds = available / SAMPLE_RATE_HZ;
    const text = segments.map((segment) => segment.text).join(' ');
    const last = speech.at(-1);
    const isFull = available === windowSamples;
    if (!last) {
      this.#drop(available - KEPT_SILENCE_SECONDS * SAMPLE_RATE_HZ);
      return { text: '', isFull };
    }
    const isPaused = seconds > SETTLED_SECONDS && seconds - last.end > PAUSE_SECONDS;
    if (!isPaused && !isFull) return { text, isFull };
    // What was spoken before decides for what follows.
    this.#language = language;
    this.#settled = joined(this.#settled, text);
    this.#drop(isPaused ? Math.round(last.end * SAMPLE_RATE_HZ) : Math.round(nextSeconds * SAMPLE_RATE_HZ));
    return { text: '', isFull };
  }

  #drop(samples: number): void {
    if (samples > 0) this.#sound = this.#sound.slice(samples);
  }

  #reading(text: string): DictationReading {
    return { text: joined(this.#settled, text), hasSpeech: this.#hasSpeech, silenceSeconds: (this.#added - this.#lastSpeechEnd) / SAMPLE_RATE_HZ };
  }
}

const joined = (a: string, b: string): string => [a, b].filter((part) => part !== '').join(' ');
