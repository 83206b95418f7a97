/**
 * What the logits of a token gain that begins a phrase, and of one that goes on with it. In beam search what was begun
 * in vain is outweighed by other texts.
 */
const BEGIN_BONUS = 1;
const CONTINUE_BONUS = 2.5;
/** No token is longer. */
const MOST_TOKEN_BYTES = 24;

/**
 * Makes some phrases likelier (shallow fusion with a list of phrases: Zhao et al. 2019, "Shallow-Fusion End-to-End
 * Contextual Biasing"). It knows tokens by their bytes alone, so that it needs no tokeniser: a token that begins a
 * phrase behind a blank, or goes on with what the text ends with, gains.
 */
export class PhraseBias {
  readonly #phrases: readonly string[];
  readonly #numbers = new Map<string, number[]>();

  /** `vocabulary` are the bytes of each text token, as Whisper's; words begin with a blank. */
  constructor(
    phrases: readonly string[],
    private readonly vocabulary: readonly Buffer[],
  ) {
    this.#phrases = phrases.map((phrase) => latin(Buffer.from(` ${phrase.toLowerCase()}`)));
    vocabulary.forEach((bytes, token) => {
      const text = lower(latin(bytes));
      const same = this.#numbers.get(text);
      if (same) same.push(token);
      else this.#numbers.set(text, [token]);
    });
  }

  /** Adds to the logits of the token after `sampled`; what is forbidden stays so. */
  apply(logits: Float32Array, sampled: readonly number[]): void {
    if (this.#phrases.length === 0) return;
    const bonuses = new Map<number, number>();
    const said = lower(
      sampled
        .slice(-32)
        .map((token) => (this.vocabulary[token] ? latin(this.vocabulary[token]) : ''))
        .join(''),
    );
    // The first word of a text has a blank before it too.
    const text = sampled.length === 0 || said.startsWith(' ') ? said : ` ${said}`;
    for (const phrase of this.#phrases) {
      this.#favour(bonuses, phrase, 0, BEGIN_BONUS);
      for (let length = Math.min(phrase.length - 1, text.length); length > 1; length--) {
        if (!text.endsWith(phrase.slice(0, length))) continue;
        this.#favour(bonuses, phrase, length, CONTINUE_BONUS);
        break;
      }
    }
    for (const [token, bonus] of bonuses) logits[token] = (logits[token] as number) + bonus;
  }

  /** Tokens that hold what comes in a phrase after `length` bytes. */
  #favour(bonuses: Map<number, number>, phrase: string, length: number, bonus: number): void {
    for (let end = length + 1; end <= Math.min(phrase.length, length + MOST_TOKEN_BYTES); end++) {
      // A blank, or one and a letter, begins everything.
      if (phrase[length] === ' ' && end < length + 3) continue;
      for (const token of this.#numbers.get(phrase.slice(length, end)) ?? [])
        bonuses.set(token, Math.max(bonus, bonuses.get(token) ?? 0));
    }
  }
}

const latin = (bytes: Buffer): string => bytes.toString('latin1');
/** Of ASCII alone, since these are bytes. */
const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
