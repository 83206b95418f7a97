import type { WhisperFile } from './whisperFile.ts';

/**
 * Whisper's languages in the order of their tokens, as ISO 639 codes. English-only models have these tokens too but do
 * not use them.
 */
const LANGUAGES: readonly string[] = (
  'en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw ' +
  'gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue'
).split(' ');

/** Timestamps are multiples of this. */
export const TIMESTAMP_SECONDS = 0.02;
/** The number of timestamps, from 0 to 30 seconds. */
const TIMESTAMPS = 1501;
/**
 * The tokens between languages and timestamps: translate, transcribe, language model, previous text, no speech, no
 * timestamps.
 */
const TASKS = 6;
/** The number of text tokens in every Whisper: GPT-2's vocabulary. Multilingual models have another token. */
const ENGLISH_TEXT_TOKENS = 50_256;
/** The least size of a multilingual vocabulary. Smaller vocabularies belong to English-only models. */
export const LEAST_MULTILINGUAL = 51_865;

/** The ids of a model's control tokens, and the texts of its text tokens. */
export class SpeechTokens {
  /** The end. All smaller ids are text. */
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
  /** Tokens that are never produced: symbols for sounds, and control tokens. */
  readonly suppressed: readonly number[];
  /** Tokens that are never produced first: a blank. */
  readonly blank: readonly number[];
  /** The bytes of each text token. */
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

  /** The id of a language's token, or `undefined` if the model does not know the language. */
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

  /** The time of a timestamp in seconds from the window's beginning. */
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
 * The tokens that Whisper suppresses (openai/whisper, `non_speech_tokens`): symbols with which subtitles describe
 * sounds.
 */
function nonSpeech(numbers: ReadonlyMap<string, number>): readonly number[] {
  const signs = [
    ...'"#()*+/:;<=>@[\\]^_`{|}~「」『』',
    ...'<< >> <<< >>> -- --- -( -[ (\' (" (( )) ((( ))) [[ ]] {{ }} ♪♪ ♪♪♪'.split(' '),
  ];
  const notes = [...'♩♪♫♬♭♮♯'];
  const number = (text: string): number | undefined => numbers.get(Buffer.from(text, 'utf8').toString('latin1'));
  const whole = [...signs, ...notes].flatMap((sign) => [number(sign), number(` ${sign}`)]);
  // For notes of several tokens, the first token counts, which is the longest in the vocabulary.
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
