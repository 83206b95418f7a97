import { Device } from '../../kernels/ggml/device.ts';
import { TroubleError } from '../common/troubleError.ts';
import { decodeWindow, detectLanguage, isDoubtful, isSilence, type DecodedWindow } from './decodeWindow.ts';
import { FRAME_REACH_SAMPLES, HOP_SAMPLES, LogMel, SAMPLE_RATE_HZ } from './logMel.ts';
import { joinWindow } from './joinWindow.ts';
import { PhraseBias } from './phraseBias.ts';
import type { SpeechModel } from './speechModel.ts';
import { SpeechTokens } from './speechTokens.ts';
import { spokenLanguage } from './spokenLanguage.ts';
import { overlapsSpeech, speechRegions } from './voiceActivity.ts';
import { WhisperNetwork } from './whisperNetwork.ts';
import { MOST_BEAMS, WindowTranscriber, type TranscribedWindow, type WindowOptions } from './windowTranscriber.ts';

/** Languages for which Whisper's code differs from the tag. */
const WHISPER_CODES: ReadonlyMap<string, string> = new Map([
  ['nb', 'no'],
  ['fil', 'tl'],
  ['jv', 'jw'],
  ['iw', 'he'],
]);

/** Greedy first. If that fails, the temperatures follow Whisper. */
const TEMPERATURES: readonly number[] = [0, 0.2, 0.4, 0.6, 0.8, 1];
/**
 * The least length of a brief window. Whisper was trained on windows of 30 seconds. In much shorter windows it misses
 * the end of the speech and repeats it, for some single words even with three seconds of silence behind them.
 */
const LEAST_BRIEF_SECONDS = 10;
const BRIEF_SILENCE_SECONDS = 2;
/** A coarse step, so that few graphs are built while the sound grows. */
const BRIEF_STEP_FRAMES = 256;
/** The tokens in the cache: the longest prompt, and the longest answer of every beam. */
const CACHE_TOKENS = 224 + MOST_BEAMS * 224;

/**
 * Transcribes windows with a Whisper. Each window begins where the last whole sentence of the previous window ended.
 */
export class WhisperTranscriber extends WindowTranscriber {
  readonly tokens: SpeechTokens;
  readonly #network: WhisperNetwork;
  readonly #mel: LogMel;
  readonly #cpu: Device | undefined;
  #bias: { readonly phrases: readonly string[]; readonly bias: PhraseBias } | undefined;

  /** Owns `model` and disposes it. */
  constructor(readonly model: SpeechModel) {
    super();
    const { device, file } = model;
    this.tokens = new SpeechTokens(file);
    this.#cpu = device.kind === 'cpu' ? undefined : new Device('cpu', { build: device.kind, threads: device.threads });
    this.#mel = new LogMel(this.#cpu ?? device, file.melFilters);
    this.#network = new WhisperNetwork(model, CACHE_TOKENS);
  }

  override get windowSamples(): number {
    return this.#network.windowFrames * HOP_SAMPLES;
  }

  override async transcribeWindow(
    samples: Float32Array,
    available: number,
    options: WindowOptions,
  ): Promise<TranscribedWindow> {
    const asked = this.#languageOf(options.language);
    const { melBands } = this.model.file.hyperparameters;
    const windowSeconds = available / SAMPLE_RATE_HZ;
    const mel = this.#mel.compute(samples.subarray(0, samples.length - HOP_SAMPLES));
    const speech = speechRegions({
      samples: samples.subarray(FRAME_REACH_SAMPLES, FRAME_REACH_SAMPLES + available),
      mel,
      bands: melBands,
    });
    if (options.onlySpeech !== false && speech.length === 0)
      return { segments: [], speech, nextSeconds: windowSeconds, language: asked };
    const { temperatures = TEMPERATURES } = options;
    const [briefFrames, wholeFrames] = [this.#briefFrames(windowSeconds), this.#network.windowFrames];
    const isShorter = options.briefWindows === true && briefFrames < wholeFrames;
    const brief = isShorter
      ? await this.#decode(mel, briefFrames, { ...options, language: asked, temperatures: temperatures.slice(0, 1) })
      : undefined;
    // In a brief window the end of a few words is missed, and they are repeated. Then the whole window is decoded.
    const { language, decoded } =
      brief && !isDoubtful(brief.decoded, this.tokens)
        ? brief
        : await this.#decode(mel, wholeFrames, { ...options, language: asked, temperatures });
    const joined = joinWindow(decoded, this.tokens, windowSeconds);
    if (isSilence(decoded)) return { segments: [], speech, nextSeconds: joined.nextSeconds, language };
    const kept = joined.segments
      .map((segment) => ({ ...segment, text: this.tokens.text(segment.tokens).trim() }))
      .filter(
        ({ start, end, text }) => text !== '' && (options.onlySpeech === false || overlapsSpeech(speech, start, end)),
      );
    const segments = kept.map(({ start, end, text }) => ({ startSeconds: start, endSeconds: end, text }));
    return {
      segments,
      speech,
      nextSeconds: joined.nextSeconds,
      language,
      decoded: { tokens: kept.flatMap(({ tokens }) => tokens), temperature: decoded.temperature },
    };
  }

  /** Decodes the first `frames` of a window, in the requested or detected language. */
  async #decode(
    mel: Float32Array,
    frames: number,
    {
      language: asked,
      previous,
      temperatures,
      beamSize = 1,
      phrases,
      signal,
    }: WindowOptions & { readonly temperatures: readonly number[] },
  ): Promise<{ readonly language: string; readonly decoded: DecodedWindow }> {
    await this.#network.encode(mel.subarray(0, frames * this.model.file.hyperparameters.melBands), signal);
    const language = asked === 'auto' ? detectLanguage(this.#network, this.tokens) : asked;
    const decoded = decodeWindow({
      network: this.#network,
      tokens: this.tokens,
      language,
      previous,
      temperatures,
      beamSize: Math.min(beamSize, MOST_BEAMS),
      bias: this.#biasTo(phrases),
      signal,
    });
    return { language, decoded };
  }

  #briefFrames(soundSeconds: number): number {
    const seconds = Math.max(LEAST_BRIEF_SECONDS, soundSeconds + BRIEF_SILENCE_SECONDS);
    const steps = Math.ceil((seconds * SAMPLE_RATE_HZ) / HOP_SAMPLES / BRIEF_STEP_FRAMES);
    return Math.min(this.#network.windowFrames, steps * BRIEF_STEP_FRAMES);
  }

  /** Keeps the bias, since every window of a dictation has the same phrases. */
  #biasTo(phrases: readonly string[] | undefined): PhraseBias | undefined {
    if (!phrases || phrases.length === 0) return undefined;
    if (this.#bias?.phrases !== phrases) this.#bias = { phrases, bias: new PhraseBias(phrases, this.tokens.textBytes) };
    return this.#bias.bias;
  }

  /** The model's code for a BCP 47 tag, or "auto". */
  #languageOf(tag: string): string {
    const spoken = spokenLanguage(tag);
    const language = WHISPER_CODES.get(spoken) ?? spoken;
    if (language === 'auto' || language === 'en') return language;
    const { isMultilingual, languages } = this.tokens;
    if (!isMultilingual)
      throw new TroubleError(
        'invalid-input',
        `This speech model understands only English, not "${tag}". Choose a multilingual model (a file without ".en" in its name).`,
      );
    if (!languages.includes(language))
      throw new TroubleError(
        'invalid-input',
        `This speech model does not know the language "${tag}". It knows ${languages.join(', ')}.`,
      );
    return language;
  }

  override [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
    this.#mel[Symbol.dispose]();
    this.#cpu?.[Symbol.dispose]();
    this.model[Symbol.dispose]();
  }
}
