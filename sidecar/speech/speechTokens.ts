import type { WhisperFile } from './whisperFile.ts';

/**
 * Whisper's languages in the order of their tokens, as ISO 639 codes. English-only models have the tokens too, without
 * a use.
 */
const LANGUAGES: readonly string[] = (
  'en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw ' +
  'gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue'
).split(' ');

/** Timestamps are multiples of this. */
export const TIMESTAMP_SECONDS = 0.02;
/** 0 to 30 seconds. */
const TIMESTAMPS = 1501;
/**
 * Between the languages and the timestamps: translate, transcribe, language model, previous text, no speech, no
 * timestamps.
 */
const TASKS = 6;
/** Bytes that stand for text in every Whisper: GPT-2's vocabulary, in multilingual models one more. */
const ENGLISH_TEXT_TOKENS = 50_256;
/** Of vocabularies with languages: smaller ones are of models for English alone. */
export const LEAST_MULTILINGUAL = 51_865;

/** Numbers of the control tokens of a model, and what its text tokens stand for. */
export class SpeechTokens {
  /** Of the end; all below it are text. */
  readonly end: number;
  readonly start: number;
  readonly translate: number;
  readonly transcribe: number;
  readonly previous: number;
  readonly noSpeech: number;
  readonly noTimestamps: number;
  readonly firstTimestamp: number;
  readonly isMultilingual: boolean;
  readonly languages: readonly string[];
  /** Never said: signs that people write for sounds, and control tokens. */
  readonly suppressed: readonly number[];
  /** Not said first: a blank. */
  readonly blank: readonly number[];
  /** Bytes of each text token. */
  readonly textBytes: readonly Buffer[];

  constructor({ hyperparameters, vocabulary }: Pick<WhisperFile, 'hyperparameters' | 'vocabulary'>) {
    const { vocabularySize } = hyperparameters;
    this.isMultilingual = vocabularySize >= LEAST_MULTILINGUAL;
    this.end = ENGLISH_TEXT_TOKENS + (this.isMultilingual ? 1 : 0);
    this.start = this.end + 1;
    this.firstTimestamp = vocabularySize - TIMESTAMPS;
    this.translate = this.firstTimestamp - TASKS;
    this.transcribe = this.translate + 1;
    this.previous = this.translate + 3;
    this.noSpeech = this.translate + 4;
    this.noTimestamps = this.translate + 5;
    this.languages = LANGUAGES.slice(0, this.translate - this.start - 1);
    this.textBytes = vocabulary.slice(0, this.end);
    const numbers = new Map(this.textBytes.map((bytes, token) => [bytes.toString('latin1'), token]));
    this.blank = [numbers.get(' ') ?? this.end, this.end];
    const controls = [this.start, this.translate, this.transcribe, this.translate + 2, this.previous, this.noSpeech];
    this.suppressed = [...new Set([...nonSpeech(numbers), ...controls])].sort((a, b) => a - b);
  }

  /** Number of the token of a language's code. `undefined` for one that the model doesn't know. */
  language(code: string): number | undefined {
    const index = this.languages.indexOf(code);
    return index < 0 ? undefined : this.start + 1 + index;
  }

  isText(token: number): boolean {
    return token < this.end;
  }

  isTimestamp(token: number): boolean {
    return token >= this.firstTimestamp;
  }

  /** Of a timestamp: seconds from the window's beginning. */
  seconds(token: number): number {
    return (token - this.firstTimestamp) * TIMESTAMP_SECONDS;
  }

  /** The text of all text tokens among `tokens`. */
  text(tokens: readonly number[]): string {
    return Buffer.concat(
      tokens.filter((token) => this.isText(token)).map((token) => this.textBytes[token] ?? Buffer.alloc(0)),
    ).toString('utf8');
  }
}

/**
 * What Whisper's authors keep from being said (openai/whisper, `non_speech_tokens`): signs that subtitles describe
 * sounds with.
 */
function nonSpeech(numbers: ReadonlyMap<string, number>): readonly number[] {
  const signs = [
    ...'"#()*+/:;<=>@[\\]^_`{|}~「」『』',
    ...'<< >> <<< >>> -- --- -( -[ (\' (" (( )) ((( ))) [[ ]] {{ }} ♪♪ ♪♪♪'.split(' '),
  ];
  const notes = [...'♩♪♫♬♭♮♯'];
  const number = (text: string): number | undefined => numbers.get(Buffer.from(text, 'utf8').toString('latin1'));
  const whole = [...signs, ...notes].flatMap((sign) => [number(sign), number(` ${sign}`)]);
  // Notes that are several tokens: the first of them, which is the longest that the vocabulary has.
  const begun = notes.flatMap((note) => [firstToken(numbers, note), firstToken(numbers, ` ${note}`)]);
  return [...whole, ...begun, number(' -'), number(" '")].filter((token) => token !== undefined);
}

function firstToken(numbers: ReadonlyMap<string, number>, text: string): number | undefined {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  for (let length = bytes.length; length > 0; length--) {
    const found = numbers.get(bytes.slice(0, length));
    if (found !== undefined) return found;
  }
  return undefined;
}
