import { Device } from '../../kernels/ggml/device.ts';
import { TroubleError } from '../engine/engine.ts';
import type { TranscriptSegment } from '../protocol/engine.ts';
import { decodeWindow, detectLanguage, isSilence, type DecodedWindow } from './decodeWindow.ts';
import { FRAME_REACH_SAMPLES, HOP_SAMPLES, LogMel, SAMPLE_RATE_HZ } from './logMel.ts';
import { joinWindow } from './joinWindow.ts';
import type { SpeechModel } from './speechModel.ts';
import { SoundWindow, type SampleSource } from './soundWindow.ts';
import { SpeechTokens } from './speechTokens.ts';
import { overlapsSpeech, speechRegions, type SpeechRegion } from './voiceActivity.ts';
import { WhisperNetwork } from './whisperNetwork.ts';

export interface TranscribeOptions {
  /** ISO 639 code, or "auto": the one that the first window with speech is in. */
  readonly language: string;
  /** Tells the decoder of a window the text of those before it. */
  readonly withContext: boolean;
  readonly temperatures?: readonly number[];
  /** False decodes windows without speech too. */
  readonly onlySpeech?: boolean;
  readonly signal?: AbortSignal;
  /** Is told of seconds that are done. */
  readonly onProgress?: (seconds: number) => void;
}

export interface WindowOptions extends Pick<TranscribeOptions, 'language' | 'temperatures' | 'onlySpeech' | 'signal'> {
  /** Tokens of the text before the window. */
  readonly previous: readonly number[];
}

export interface TranscribedWindow {
  readonly segments: readonly TranscriptSegment[];
  readonly speech: readonly SpeechRegion[];
  readonly nextSeconds: number;
  /** That was asked for, or found out. */
  readonly language: string;
  /** Absent where nobody speaks. */
  readonly decoded?: DecodedWindow;
}

/** Greedy first; then as Whisper's authors do, where that fails. */
export const TEMPERATURES: readonly number[] = [0, 0.2, 0.4, 0.6, 0.8, 1];
/** Tokens that the cache holds: the longest prompt and answer. */
const CACHE_TOKENS = 512;

/** Writes down what is said in sound of any length: window by window, each beginning where the last whole sentence of the one before it ended. */
export class Transcriber implements Disposable {
  readonly tokens: SpeechTokens;
  readonly #network: WhisperNetwork;
  readonly #mel: LogMel;
  readonly #cpu: Device | undefined;

  constructor(readonly model: SpeechModel) {
    const { device, file } = model;
    this.tokens = new SpeechTokens(file);
    this.#cpu = device.kind === 'cpu' ? undefined : new Device('cpu', { threads: device.threads });
    this.#mel = new LogMel(this.#cpu ?? device, file.melFilters);
    this.#network = new WhisperNetwork(model, CACHE_TOKENS);
  }

  /** Segments in order, as each window is done. Throws `TroubleError` 'invalid-input' for a language that the model doesn't know. */
  async *transcribe(source: SampleSource, options: TranscribeOptions): AsyncGenerator<TranscriptSegment> {
    const sound = new SoundWindow(source);
    let { language } = options;
    let previous: number[] = [];
    for (let first = 0; ; ) {
      options.signal?.throwIfAborted();
      const { samples, available } = await sound.slideTo(first, this.windowSamples);
      if (available === 0) return;
      const window = await this.transcribeWindow(samples, available, { ...options, language, previous: options.withContext ? previous : [] });
      for (const { startSeconds, endSeconds, text } of window.segments) yield { startSeconds: first / SAMPLE_RATE_HZ + startSeconds, endSeconds: first / SAMPLE_RATE_HZ + endSeconds, text };
      if (window.decoded) {
        language = window.language;
        previous = nextContext(previous, window.decoded);
      }
      first += Math.min(available, Math.round(window.nextSeconds * SAMPLE_RATE_HZ));
      options.onProgress?.(first / SAMPLE_RATE_HZ);
    }
  }

  /** Samples of a whole window. */
  get windowSamples(): number {
    return this.#network.windowFrames * HOP_SAMPLES;
  }

  /**
   * One window: `samples` as `SoundWindow.slideTo` gives them, of which `available` are sound. Its times count from its beginning; the next window begins at
   * `nextSeconds`.
   */
  async transcribeWindow(samples: Float32Array, available: number, options: WindowOptions): Promise<TranscribedWindow> {
    this.#checkLanguage(options.language);
    const { melBands } = this.model.file.hyperparameters;
    const windowSeconds = available / SAMPLE_RATE_HZ;
    const mel = this.#mel.compute(samples.subarray(0, samples.length - HOP_SAMPLES));
    const speech = speechRegions({ samples: samples.subarray(FRAME_REACH_SAMPLES, FRAME_REACH_SAMPLES + available), mel, bands: melBands });
    if (options.onlySpeech !== false && speech.length === 0) return { segments: [], speech, nextSeconds: windowSeconds, language: options.language };
    await this.#network.encode(mel, options.signal);
    const language = options.language === 'auto' ? detectLanguage(this.#network, this.tokens) : options.language;
    const decoded = decodeWindow({ network: this.#network, tokens: this.tokens, language, previous: options.previous, temperatures: options.temperatures ?? TEMPERATURES, signal: options.signal });
    const joined = joinWindow(decoded, this.tokens, windowSeconds);
    const segments = joined.segments
      .map(({ start, end, tokens }) => ({ startSeconds: start, endSeconds: end, text: this.tokens.text(tokens).trim() }))
      .filter(({ startSeconds, endSeconds, text }) => text !== '' && (options.onlySpeech === false || overlapsSpeech(speech, startSeconds, endSeconds)));
    return { segments: isSilence(decoded) ? [] : segments, speech, nextSeconds: joined.nextSeconds, language, decoded };
  }

  #checkLanguage(language: string): void {
    if (language === 'auto' || language === 'en') return;
    const { isMultilingual, languages } = this.tokens;
    if (!isMultilingual) throw new TroubleError('invalid-input', `This speech model understands English alone, not "${language}". Choose a multilingual one (a file without ".en" in its name).`);
    if (!languages.includes(language)) throw new TroubleError('invalid-input', `This speech model knows no language "${language}". It knows ${languages.join(', ')}.`);
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
    this.#mel[Symbol.dispose]();
    this.#cpu?.[Symbol.dispose]();
  }
}

/** Of the tokens of the text so far; text that came of guessing leads astray. */
function nextContext(previous: readonly number[], { tokens, temperature }: DecodedWindow): number[] {
  return temperature > 0.5 ? [] : [...previous, ...tokens].slice(-512);
}
