import type { TranscriptSegment } from '../protocol/engine.ts';
import type { DecodedWindow } from './decodeWindow.ts';
import { SAMPLE_RATE_HZ } from './logMel.ts';
import { SoundWindow, type SampleSource } from './soundWindow.ts';
import type { SpeechRegion } from './voiceActivity.ts';

export interface TranscribeOptions {
  /** BCP 47 tag, or "auto" for the language of the first window with words. */
  readonly language: string;
  /** Whether the decoder of a window gets the text of the windows before it. */
  readonly withContext: boolean;
  readonly temperatures?: readonly number[];
  /** The beam size, from 1 to 8. Default: 1, which is greedy. */
  readonly beamSize?: number;
  /** Phrases to favour, in words and lower case. */
  readonly phrases?: readonly string[];
  /** False also decodes windows without speech. */
  readonly onlySpeech?: boolean;
  /**
   * Reads little of the silence behind the sound, if the architecture pads its windows with silence. It is faster, and
   * a few words differ.
   */
  readonly briefWindows?: boolean;
  readonly signal?: AbortSignal;
  /** Receives the number of seconds done. */
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
  /** The requested or detected language. */
  readonly language: string;
  /**
   * The tokens of the segments and their temperature, for decoders that use them in the next window. Absent if there is
   * no speech.
   */
  readonly decoded?: SaidTokens;
}

export const MOST_BEAMS = 8;

/**
 * Transcribes sound of any length, window by window. Each architecture defines how a window is transcribed and where
 * the next begins.
 */
export abstract class WindowTranscriber implements Disposable {
  /** The samples of a whole window. */
  abstract get windowSamples(): number;

  /**
   * Transcribes a window: `samples` from `SoundWindow.slideTo`, of which `available` are sound. Times count from the
   * window's beginning; the next window begins at `nextSeconds`. Throws `TroubleError` 'invalid-input' for a language
   * that the model does not know.
   */
  abstract transcribeWindow(
    samples: Float32Array,
    available: number,
    options: WindowOptions,
  ): Promise<TranscribedWindow>;

  abstract [Symbol.dispose](): void;

  /** Yields segments in order, as each window is done. Throws as `transcribeWindow` does. */
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
      // Windows without words do not decide the language.
      if (window.segments.length > 0) ({ language } = window);
      if (window.decoded) previous = nextContext(previous, window.decoded);
      first += Math.min(available, Math.round(window.nextSeconds * SAMPLE_RATE_HZ));
      options.onProgress?.(first / SAMPLE_RATE_HZ);
    }
  }
}

/** The last tokens of the text so far. Text sampled at high temperature is dropped, since it misleads the decoder. */
function nextContext(previous: readonly number[], { tokens, temperature }: SaidTokens): number[] {
  return temperature > 0.5 ? [] : [...previous, ...tokens].slice(-512);
}
