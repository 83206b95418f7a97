/**
 * The bonus on the logit of a token that begins a phrase, and of a token that continues a phrase. In beam search other
 * hypotheses outweigh phrases that were begun in vain.
 */
const BEGIN_BONUS = 1;
const CONTINUE_BONUS = 2.5;
/** The maximum length of a token in bytes. */
const MOST_TOKEN_BYTES = 24;

/**
 * Raises the probability of phrases (shallow fusion with a list of phrases: Zhao et al. 2019, "Shallow-Fusion
 * End-to-End Contextual Biasing").
 *
 * It needs no tokeniser, since it compares the bytes of tokens. A token gets a bonus if it begins a phrase after a
 * blank, or continues a phrase at the end of the text.
 */
export class PhraseBias {
  readonly #phrases: readonly string[];
  readonly #numbers = new Map<string, number[]>();

  /** `vocabulary` holds the bytes of each text token. Words begin with a blank, as in Whisper. */
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

  /** Adds bonuses to the logits of the token after `sampled`. Forbidden tokens stay forbidden. */
  apply(logits: Float32Array, sampled: readonly number[]): void {
    if (this.#phrases.length === 0) return;
    const bonuses = new Map<number, number>();
    const said = lower(
      sampled
        .slice(-32)
        .map((token) => (this.vocabulary[token] ? latin(this.vocabulary[token]) : ''))
        .join(''),
    );
    // The first word of a text counts as preceded by a blank.
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

  /** Adds the bonus to tokens that continue a phrase after `length` bytes. */
  #favour(bonuses: Map<number, number>, phrase: string, length: number, bonus: number): void {
    for (let end = length + 1; end <= Math.min(phrase.length, length + MOST_TOKEN_BYTES); end++) {
      // Only a blank, or a blank and a letter, would begin too many words.
      if (phrase[length] === ' ' && end < length + 3) continue;
      for (const token of this.#numbers.get(phrase.slice(length, end)) ?? [])
        bonuses.set(token, Math.max(bonus, bonuses.get(token) ?? 0));
    }
  }
}

const latin = (bytes: Buffer): string => bytes.toString('latin1');
/** Lower-cases only ASCII, since these are bytes. */
const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
