import type { ArrayVisitor } from './header.ts';
import { TOKEN_KIND } from './vocabulary.ts';

const MAX_SHOWN = 80;

/** Collects the tokens of a vocabulary while a header is read, and finds tokens that make llama.cpp abort. */
export class TokenTexts {
  static readonly keys = ['tokenizer.ggml.tokens', 'tokenizer.ggml.token_type'] as const;
  readonly #numbers = new Map<string, number>();
  #repeated: { readonly text: string; readonly first: number; readonly second: number } | undefined;
  #byte: number | undefined;

  /** The first token that occurs twice, with both indices. */
  get repeated(): { readonly text: string; readonly first: number; readonly second: number } | undefined {
    return this.#repeated;
  }

  /** The index of the first token for a single byte. */
  get byte(): number | undefined {
    return this.#byte;
  }

  readonly visit: ArrayVisitor = (key, index, element) => {
    if (key !== TokenTexts.keys[0]) {
      if (element === TOKEN_KIND.byte) this.#byte ??= index;
      return;
    }
    if (this.#repeated || !Buffer.isBuffer(element)) return;
    const text = asLlamaReads(element, index);
    const first = this.#numbers.get(text);
    if (first === undefined) this.#numbers.set(text, index);
    else this.#repeated = { text: element.toString('utf8').slice(0, MAX_SHOWN), first, second: index };
  };
}

/** The text up to the first NUL, with each byte as a character. Empty texts get a unique text, as in llama.cpp. */
function asLlamaReads(element: Buffer, index: number): string {
  const end = element.indexOf(0);
  const text = element.toString('latin1', 0, end < 0 ? element.length : end);
  return text === '' ? `[EMPTY_${index}]` : text;
}
