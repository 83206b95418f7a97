import { Device } from '../../kernels/ggml/device.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { TranscriptSegment } from '../protocol/engine.ts';
import { beamSearch, type Hypothesis } from './beamSearch.ts';
import { FRAME_REACH_SAMPLES, HOP_SAMPLES, SAMPLE_RATE_HZ, type LogMel } from './logMel.ts';
import { normaliseBands, openSpectrum } from './speechFeatures.ts';
import { SpeechTransformerNetwork } from './speechTransformerNetwork.ts';
import type { SpeechVocabulary } from './speechVocabulary.ts';
import { spokenLanguage } from './spokenLanguage.ts';
import { speechRegions } from './voiceActivity.ts';
import { MOST_BEAMS, WindowTranscriber, type TranscribedWindow, type WindowOptions } from './windowTranscriber.ts';

const WINDOW_SECONDS = 30;
const FRAMES_PER_SECOND = SAMPLE_RATE_HZ / HOP_SAMPLES;
/** Faster than anybody speaks. */
const MOST_TOKENS_PER_SECOND = 25;
const LEAST_TOKENS = 8;
/** The maximum for an utterance as long as the window. */
const MOST_TOKENS = LEAST_TOKENS + MOST_TOKENS_PER_SECOND * WINDOW_SECONDS;
const PROMPT_TOKENS = 2;

export interface RecogniseOptions {
  /** ISO 639 code, or "auto". */
  readonly language: string;
  readonly beamSize?: number;
  readonly signal?: AbortSignal;
}

/** Transcribes windows with a Speech-Transformer. Each region of speech is an utterance. */
export class SpeechTransformerTranscriber extends WindowTranscriber {
  readonly #cpu: Device | undefined;
  readonly #spectrum: LogMel;

  private constructor(private readonly network: SpeechTransformerNetwork) {
    super();
    const { device, file } = network;
    this.#cpu = device.kind === 'cpu' ? undefined : new Device('cpu', { build: device.kind, threads: device.threads });
    this.#spectrum = openSpectrum(this.#cpu ?? device, file.hyperparameters.melBands);
  }

  /** Loads a GGUF file. Throws `TroubleError`. */
  static async open(
    path: string,
    device: Device,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<SpeechTransformerTranscriber> {
    const sizes = {
      capacityRows: PROMPT_TOKENS + MOST_BEAMS * (MOST_TOKENS + 1),
      mostFrames: WINDOW_SECONDS * FRAMES_PER_SECOND,
    };
    const network = await SpeechTransformerNetwork.open(path, device, sizes, options);
    return new SpeechTransformerTranscriber(network);
  }

  get vocabulary(): SpeechVocabulary {
    return this.network.file.vocabulary;
  }

  override get windowSamples(): number {
    return WINDOW_SECONDS * SAMPLE_RATE_HZ;
  }

  override async transcribeWindow(
    samples: Float32Array,
    available: number,
    options: WindowOptions,
  ): Promise<TranscribedWindow> {
    const { melBands } = this.network.file.hyperparameters;
    const mel = this.#spectrum.compute(samples.subarray(0, samples.length - HOP_SAMPLES));
    const heard = speechRegions({
      samples: samples.subarray(FRAME_REACH_SAMPLES, FRAME_REACH_SAMPLES + available),
      mel,
      bands: melBands,
    });
    const windowSeconds = available / SAMPLE_RATE_HZ;
    const speech = options.onlySpeech === false ? [{ start: 0, end: windowSeconds }] : heard;
    // Speech that the window's end cuts belongs to the next window, unless it fills this window.
    const last = speech.at(-1);
    const isCut = available === this.windowSamples && last !== undefined && last.start > 0 && last.end >= windowSeconds;
    const segments: TranscriptSegment[] = [];
    let language = this.#languageOf(options.language);
    for (const region of isCut ? speech.slice(0, -1) : speech) {
      const part = mel.slice(
        melBands * frameOf(region.start),
        melBands * Math.max(frameOf(region.start) + 1, Math.min(frameOf(region.end), mel.length / melBands)),
      );
      const recognised = await this.recognise(normaliseBands(part, melBands), { ...options, language });
      if (recognised.text === '') continue;
      ({ language } = recognised);
      segments.push({ startSeconds: region.start, endSeconds: region.end, text: recognised.text });
    }
    return { segments, speech: heard, nextSeconds: isCut ? last.start : windowSeconds, language };
  }

  /** Transcribes an utterance from its normalised spectrogram, `[melBands, frames]`. */
  async recognise(
    mel: Float32Array,
    { language, beamSize = 1, signal }: RecogniseOptions,
  ): Promise<{ readonly text: string; readonly language: string }> {
    const { network, vocabulary } = this;
    await network.encode(mel, signal);
    const [first] = network.decode([{ token: vocabulary.start, position: 0, row: 0, history: [] }], [0]) as [
      Float32Array,
    ];
    const spoken =
      language === 'auto'
        ? (vocabulary.languages[largest(first.subarray(2, vocabulary.firstCharacter))] as string)
        : language;
    const prompt = [vocabulary.start, vocabulary.language(spoken) as number] as const;
    const [logits] = network.decode([{ token: prompt[1], position: 1, row: 1, history: [0] }], [0]) as [Float32Array];
    const seconds = mel.length / network.file.hyperparameters.melBands / FRAMES_PER_SECOND;
    const [best] = beamSearch({
      decoder: network,
      prompt,
      logits,
      end: vocabulary.end,
      beamSize: Math.min(beamSize, MOST_BEAMS),
      mostTokens: LEAST_TOKENS + Math.ceil(MOST_TOKENS_PER_SECOND * seconds),
      // Only characters and the end are allowed.
      rules: (values) => {
        values[vocabulary.start] = -Infinity;
        values.fill(-Infinity, vocabulary.end + 1, vocabulary.firstCharacter);
      },
      signal,
    }) as [Hypothesis];
    return { text: vocabulary.text(best.tokens), language: spoken };
  }

  /**
   * Finds a language of the model for a tag: the same tag, or the same language. The model's languages may be any tags.
   * "auto" stays.
   */
  #languageOf(tag: string): string {
    const { languages } = this.vocabulary;
    const language = spokenLanguage(tag);
    if (language === 'auto') return language;
    const known = languages.find((own) => own === tag) ?? languages.find((own) => spokenLanguage(own) === language);
    if (known === undefined)
      throw new TroubleError(
        'invalid-input',
        `This speech model does not know the language "${tag}". It knows ${languages.join(', ')}.`,
      );
    return known;
  }

  override [Symbol.dispose](): void {
    this.network[Symbol.dispose]();
    this.#spectrum[Symbol.dispose]();
    this.#cpu?.[Symbol.dispose]();
  }
}

const frameOf = (seconds: number): number => Math.round(seconds * FRAMES_PER_SECOND);

function largest(values: Float32Array): number {
  return values.reduce((best, value, index) => (value > (values[best] as number) ? index : best), 0);
}
