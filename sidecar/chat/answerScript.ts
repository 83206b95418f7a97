import { judgeEnglish } from './englishAnswer.ts';
import { proseOf } from './prose.ts';

/**
 * The number of letters at an answer's beginning that decide its script. Many answers begin with code and terms in
 * Latin letters.
 */
const JUDGED_LETTERS = 32;
/** An answer that begins with this much code, or with few words in Latin letters, is no longer held back. */
const HELD_CODE_UNITS = 200;
/** This many letters of the wanted script decide for it. */
const SETTLING_LETTERS = 3;

/** The beginning of a block of code. */
const BLOCK = /^\s*(?:`{3}|~{3})/m;

interface ScriptOptions {
  /** Whether an English answer may be right. */
  readonly mayBeEnglish?: boolean;
}

export type ScriptVerdict = 'undecided' | 'right' | 'wrong';

/**
 * Judges whether an answer that begins with `text` is in the script of the wanted language (a BCP 47 tag), and is not
 * English instead. Code does not count, so an answer of code alone stays undecided. Kana tell Japanese from Chinese. A
 * reasoning model's thoughts are not judged.
 */
export function judgeScript(
  text: string,
  language: string,
  { mayBeEnglish = false }: ScriptOptions = {},
): ScriptVerdict {
  if (/^\s*<think/i.test(text)) return 'right';
  const wanted = wantedLetters(language);
  if (!wanted) return 'right';
  // The last word may still become code.
  const prose = proseOf(text.replace(/(?:`[^`\n]*|(?<![!-~])[!-~]*)$/, ''), { keepLatin: true });
  const letters = prose.match(/\p{L}/gu)?.length ?? 0;
  const own = prose.match(wanted.own)?.length ?? 0;
  const foreign = wanted.foreign ? (prose.match(wanted.foreign)?.length ?? 0) : letters - own;
  if (wanted.isLatin && own >= foreign) {
    const verdict = mayBeEnglish ? 'right' : judgeEnglish(prose, language, { isBeforeCode: BLOCK.test(text) });
    return verdict === 'right' && own < SETTLING_LETTERS ? 'undecided' : verdict;
  }
  if (own >= SETTLING_LETTERS && own >= foreign) return 'right';
  // A script whose letters are not mixed in as terms is recognized early.
  const unmixed = prose.match(/(?!\p{Script=Latin})\p{L}/gu)?.length ?? 0;
  if (own === 0 && (wanted.isLatin ? unmixed >= SETTLING_LETTERS * 2 : letters >= JUDGED_LETTERS)) return 'wrong';
  if (letters < JUDGED_LETTERS) return 'undecided';
  return own > 0 && own >= foreign ? 'right' : 'wrong';
}

interface WantedLetters {
  readonly own: RegExp;
  /** Letters that count against the script. By default all other letters do. */
  readonly foreign?: RegExp;
  readonly isLatin: boolean;
}

function wantedLetters(language: string): WantedLetters | undefined {
  const script = scriptOf(language);
  if (!script) return undefined;
  if (script === 'Jpan')
    return { own: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu, foreign: /(?!)/gu, isLatin: false };
  if (script === 'Kore')
    return { own: /\p{Script=Hangul}/gu, foreign: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu, isLatin: false };
  if (script === 'Hans' || script === 'Hant')
    return { own: /\p{Script=Han}/gu, foreign: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu, isLatin: false };
  try {
    const isLatin = script === 'Latn';
    return { own: new RegExp(`\\p{Script=${script}}`, 'gu'), ...(isLatin ? {} : { foreign: /(?!)/gu }), isLatin };
  } catch {
    return undefined;
  }
}

function scriptOf(language: string): string | undefined {
  try {
    return new Intl.Locale(language).maximize().script;
  } catch {
    return undefined;
  }
}

/**
 * Holds back the beginning of an answer until its script is known, or until it counts as code. So the user never sees
 * an answer in the wrong script, or in English in place of another language.
 */
export class ScriptGate {
  readonly #abort = new AbortController();
  #held = '';
  #isOpen: boolean;

  /** Without a language all text passes. */
  constructor(
    private readonly language: string | undefined,
    private readonly pass: (text: string) => void,
    private readonly options: ScriptOptions = {},
  ) {
    this.#isOpen = language === undefined;
  }

  /** Aborts when the answer is in the wrong script. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isWrong(): boolean {
    return this.#abort.signal.aborted;
  }

  receive(text: string): void {
    if (this.isWrong) return;
    if (this.#isOpen || this.language === undefined) {
      this.pass(text);
      return;
    }
    this.#held += text;
    const verdict = judgeScript(this.#held, this.language, this.options);
    if (verdict === 'right' || (verdict === 'undecided' && this.#isLong)) this.open();
    else if (verdict === 'wrong') this.#abort.abort();
  }

  /** Whether so much text was held back that it counts as code. */
  get #isLong(): boolean {
    const isLatin = this.language !== undefined && wantedLetters(this.language)?.isLatin === true;
    return this.#held.length > HELD_CODE_UNITS && (isLatin || /^\s*(?:`{3}|~{3})/.test(this.#held));
  }

  /** Passes the held text on, because the answer ended or its script is right. */
  open(): void {
    if (this.isWrong) return;
    this.#isOpen = true;
    if (this.#held !== '') this.pass(this.#held);
    this.#held = '';
  }
}
