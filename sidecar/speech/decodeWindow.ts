import { deflateSync } from 'node:zlib';
import { logProbability } from '../models/decoding/logSumExp.ts';
import { uniformNumbers } from '../models/decoding/random.ts';
import { beamSearch, type Hypothesis } from './beamSearch.ts';
import { applyDecodingRules } from './decodingRules.ts';
import type { PhraseBias } from './phraseBias.ts';
import type { SpeechTokens } from './speechTokens.ts';
import type { DecoderToken } from './speechDecoder.ts';
import type { WhisperNetwork } from './whisperNetwork.ts';

/** The result of decoding a window. */
export interface DecodedWindow {
  /** Text and timestamps, without the end. */
  readonly tokens: readonly number[];
  /** Per token, including the end. */
  readonly meanLogProbability: number;
  /** The model's own probability that the window contains no speech. */
  readonly noSpeechProbability: number;
  readonly temperature: number;
}

export interface DecodeWindowOptions {
  readonly network: WhisperNetwork;
  readonly tokens: SpeechTokens;
  /** The code of the language. English-only models ignore it. */
  readonly language: string;
  /** Tokens of the text before the window. */
  readonly previous?: readonly number[];
  /** Tried in order until a result is neither improbable nor repetitive. */
  readonly temperatures: readonly number[];
  /** The beam size at temperature 0. */
  readonly beamSize: number;
  /** Raises the probability of expected phrases. */
  readonly bias?: PhraseBias;
  readonly signal?: AbortSignal;
}

/** A text with a higher compression ratio counts as repetitive. */
const MOST_COMPRESSION = 2.4;
const LEAST_MEAN_LOG_PROBABILITY = -1;
/** Above this probability of no speech, an improbable result counts as silence. */
const NO_SPEECH_PROBABILITY = 0.6;

/**
 * Decodes the window that the network encoded last. Temperature 0 uses beam search, or greedy decoding with a single
 * beam; other temperatures sample, as in Whisper (arXiv 2212.04356, 4.5).
 */
export function decodeWindow(options: DecodeWindowOptions): DecodedWindow {
  let decoded: DecodedWindow | undefined;
  for (const temperature of options.temperatures) {
    decoded = decodeAt(options, temperature);
    const isUnlikely = decoded.meanLogProbability < LEAST_MEAN_LOG_PROBABILITY;
    if (isUnlikely && decoded.noSpeechProbability > NO_SPEECH_PROBABILITY) break;
    if (!isDoubtful(decoded, options.tokens)) break;
  }
  if (!decoded) throw new RangeError('Decoding needs at least one temperature.');
  return decoded;
}

/** Whether a text is improbable or repetitive. */
export function isDoubtful({ tokens: decoded, meanLogProbability }: DecodedWindow, tokens: SpeechTokens): boolean {
  return meanLogProbability < LEAST_MEAN_LOG_PROBABILITY || repeatsItself(tokens.text(decoded));
}

/** Whether the result should count as silence. */
export function isSilence({ noSpeechProbability, meanLogProbability }: DecodedWindow): boolean {
  return noSpeechProbability > NO_SPEECH_PROBABILITY && meanLogProbability < LEAST_MEAN_LOG_PROBABILITY;
}

function decodeAt(
  { network, tokens, language, previous = [], beamSize, bias, signal }: DecodeWindowOptions,
  temperature: number,
): DecodedWindow {
  const { textContext } = network.model.file.hyperparameters;
  const prompt = promptTokens(tokens, language, previous.slice(-(textContext / 2 - 1)));
  const random = uniformNumbers(Math.round(temperature * 1000));
  const history: number[] = [];
  const batch = prompt.map((token, position): DecoderToken => ({
    token,
    position,
    row: position,
    history: Array.from({ length: position }, (_, row) => row),
  }));
  const [atStart, atEnd] = network.decode(batch, [prompt.indexOf(tokens.start), prompt.length - 1]) as [
    Float32Array,
    Float32Array,
  ];
  const noSpeechProbability = Math.exp(logProbability(atStart, tokens.noSpeech));
  const rules = (values: Float32Array, said: readonly number[]): void => {
    bias?.apply(values, said);
    applyDecodingRules(values, said, tokens);
  };
  if (temperature === 0 && beamSize > 1) {
    const mostTokens = Math.min(textContext / 2, textContext - prompt.length);
    const [best] = beamSearch({
      decoder: network,
      prompt,
      logits: atEnd,
      end: tokens.end,
      beamSize,
      mostTokens,
      rules,
      signal,
    }) as [Hypothesis];
    return {
      tokens: best.tokens,
      meanLogProbability: best.logProbability / (best.tokens.length + 1),
      noSpeechProbability,
      temperature,
    };
  }
  const sampled: number[] = [];
  let sum = 0;
  let logits = atEnd;
  for (let row = 0; row < prompt.length; row++) history.push(row);
  for (let left = textContext / 2; left > 0; left--) {
    signal?.throwIfAborted();
    rules(logits, sampled);
    const token = temperature === 0 ? largest(logits) : sample(logits, temperature, random());
    sum += logProbability(logits, token);
    if (token === tokens.end) break;
    sampled.push(token);
    const position = history.length;
    if (position >= textContext) break;
    [logits] = network.decode([{ token, position, row: position, history }], [0]) as [Float32Array];
    history.push(position);
  }
  return { tokens: sampled, meanLogProbability: sum / (sampled.length + 1), noSpeechProbability, temperature };
}

/** The prompt of a decoder. */
function promptTokens(tokens: SpeechTokens, language: string, previous: readonly number[]): readonly number[] {
  const context = previous.length > 0 ? [tokens.previous, ...previous] : [];
  const task = tokens.isMultilingual ? [tokens.language(language) ?? tokens.start + 1, tokens.transcribe] : [];
  return [...context, tokens.start, ...task];
}

/** Returns the likeliest language of the window that the network encoded last. */
export function detectLanguage(network: WhisperNetwork, tokens: SpeechTokens): string {
  if (!tokens.isMultilingual) return 'en';
  const [logits] = network.decode([{ token: tokens.start, position: 0, row: 0, history: [] }], [0]) as [Float32Array];
  const first = tokens.start + 1;
  return tokens.languages[largest(logits.subarray(first, first + tokens.languages.length))] as string;
}

function repeatsItself(text: string): boolean {
  const bytes = Buffer.from(text);
  return bytes.length > 0 && bytes.length / deflateSync(bytes).length > MOST_COMPRESSION;
}

function largest(values: Float32Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index++)
    if ((values[index] as number) > (values[best] as number)) best = index;
  return best;
}

function sample(logits: Float32Array, temperature: number, uniform: number): number {
  const most = logits[largest(logits)] as number;
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  let left = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  for (let token = 0; token < weights.length; token++) {
    left -= weights[token] as number;
    if (left < 0) return token;
  }
  return largest(logits);
}
