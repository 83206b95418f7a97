import type { TranscriptSegment } from '../protocol/engine.ts';
import type { DecodedWindow } from './decodeWindow.ts';
import { SAMPLE_RATE_HZ } from './logMel.ts';
import { SoundWindow, type SampleSource } from './soundWindow.ts';
import type { SpeechRegion } from './voiceActivity.ts';

export interface TranscribeOptions {
  /** BCP 47 tag, or "auto": the one that the first window with words is in. */
  readonly language: string;
  /** Tells the decoder of a window the text of those before it. */
  readonly withContext: boolean;
  readonly temperatures?: readonly number[];
  /** Texts that are followed at once, 1 to 8. Default 1: greedy. */
  readonly beamSize?: number;
  /** In words and small letters: they become likelier. */
  readonly phrases?: readonly string[];
  /** False decodes windows without speech too. */
  readonly onlySpeech?: boolean;
  /**
   * Reads little of the silence behind the sound, where the architecture fills its windows with it: sooner done, and a
   * few words differ.
   */
  readonly briefWindows?: boolean;
  readonly signal?: AbortSignal;
  /** Is told of seconds that are done. */
  readonly onProgress?: (seconds: number) => void;
}

export interface WindowOptions extends Pick<
  TranscribeOptions,
  'language' | 'temperatures' | 'beamSize' | 'phrases' | 'onlySpeech' | 'briefWindows' | 'signal'
> {
  /** Tokens of the text before the window. */
  readonly previous: readonly number[];
}

export type SaidTokens = Pick<DecodedWindow, 'tokens' | 'temperature'>;

export interface TranscribedWindow {
  readonly segments: readonly TranscriptSegment[];
  readonly speech: readonly SpeechRegion[];
  readonly nextSeconds: number;
  /** That was asked for, or found out. */
  readonly language: string;
  /**
   * The tokens of the segments and how they were found, for a decoder that is told of them in the next window. Absent
   * where nobody speaks.
   */
  readonly decoded?: SaidTokens;
}

export const MOST_BEAMS = 8;

/**
 * Writes down what is said in sound of any length, window by window; each architecture says how one window is read, and
 * where the next begins.
 */
export abstract class WindowTranscriber implements Disposable {
  /** Of a whole window. */
  abstract get windowSamples(): number;

  /**
   * One window: `samples` as `SoundWindow.slideTo` gives them, of which `available` are sound. Its times count from its
   * beginning; the next window begins at `nextSeconds`. Throws `TroubleError` 'invalid-input' for a language that the
   * model doesn't know.
   */
  abstract transcribeWindow(
    samples: Float32Array,
    available: number,
    options: WindowOptions,
  ): Promise<TranscribedWindow>;

  abstract [Symbol.dispose](): void;

  /** Segments in order, as each window is done. Throws as `transcribeWindow`. */
  async *transcribe(source: SampleSource, options: TranscribeOptions): AsyncGenerator<TranscriptSegment> {
    const sound = new SoundWindow(source);
    let { language } = options;
    let previous: number[] = [];
    for (let first = 0; ;) {
      options.signal?.throwIfAborted();
      const { samples, available } = await sound.slideTo(first, this.windowSamples);
      if (available === 0) return;
      const window = await this.transcribeWindow(samples, available, {
        ...options,
        language,
        previous: options.withContext ? previous : [],
      });
      for (const { startSeconds, endSeconds, text } of window.segments)
        yield {
          startSeconds: first / SAMPLE_RATE_HZ + startSeconds,
          endSeconds: first / SAMPLE_RATE_HZ + endSeconds,
          text,
        };
      // What had no words tells nothing of the language.
      if (window.segments.length > 0) ({ language } = window);
      if (window.decoded) previous = nextContext(previous, window.decoded);
      first += Math.min(available, Math.round(window.nextSeconds * SAMPLE_RATE_HZ));
      options.onProgress?.(first / SAMPLE_RATE_HZ);
    }
  }
}

/** Of the tokens of the text so far; text that came of guessing leads astray. */
function nextContext(previous: readonly number[], { tokens, temperature }: SaidTokens): number[] {
  return temperature > 0.5 ? [] : [...previous, ...tokens].slice(-512);
}
