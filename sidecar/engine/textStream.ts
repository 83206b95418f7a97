import type { TokenId } from '../protocol/engine.ts';

/**
 * Text that can be shown: complete characters that cannot belong to a stop text, and the tokens that they came from.
 */
export interface TextPiece {
  readonly text: string;
  readonly tokens: readonly TokenId[];
}

/**
 * Turns generated tokens into text as they come. A character that is split over tokens appears with its last token.
 * Text that may be the beginning of a stop text is held back until more tokens decide.
 */
export class TextStream {
  /** Without `ignoreBOM` a decoder would swallow U+FEFF. */
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #held = '';
  /** The tokens of the held text, each with the offset of its text in `held`. */
  #waiting: { token: TokenId; start: number }[] = [];
  #stoppedBy: string | undefined;

  constructor(private readonly stop: readonly string[] = []) {
    this.stop = stop.filter((text) => text !== '');
  }

  /** The stop text that ended the stream. */
  get stopText(): string | undefined {
    return this.#stoppedBy;
  }

  /** Adds a token and returns the text that can be shown now. */
  push(token: TokenId, bytes: Uint8Array): TextPiece {
    if (this.#stoppedBy !== undefined) return { text: '', tokens: [] };
    this.#waiting.push({ token, start: this.#held.length });
    this.#held += this.#decoder.decode(bytes, { stream: true });
    const stop = firstStop(this.#held, this.stop);
    if (stop) {
      this.#stoppedBy = stop.text;
      const piece = this.#release(stop.start);
      this.#waiting = [];
      this.#held = '';
      return piece;
    }
    return this.#release(this.#held.length - heldBack(this.#held, this.stop));
  }

  /** Returns the held text at the end of the generation. An incomplete character is dropped. */
  end(): TextPiece {
    const text = this.#held;
    const tokens = this.#waiting.map(({ token }) => token);
    this.#held = '';
    this.#waiting = [];
    return { text, tokens };
  }

  #release(length: number): TextPiece {
    if (length === 0) return { text: '', tokens: [] };
    const text = this.#held.slice(0, length);
    const given = this.#waiting.filter(({ start }) => start < length);
    this.#waiting = this.#waiting.slice(given.length).map(({ token, start }) => ({ token, start: start - length }));
    this.#held = this.#held.slice(length);
    return { text, tokens: given.map(({ token }) => token) };
  }
}

function firstStop(text: string, stops: readonly string[]): { text: string; start: number } | undefined {
  let first: { text: string; start: number } | undefined;
  for (const stop of stops) {
    const start = text.indexOf(stop);
    if (start >= 0 && (first === undefined || start < first.start)) first = { text: stop, start };
  }
  return first;
}

/** The length of the longest end of `text` that is the beginning of a stop text. */
function heldBack(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) {
        longest = length;
        break;
      }
    }
  }
  return longest;
}
