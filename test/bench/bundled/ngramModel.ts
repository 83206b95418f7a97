/**
 * A plain n-gram model over words and marks: the next token is the one that most often followed the longest context that was seen
 * (stupid backoff, Brants et al. 2007, without a largest n), in the texts it learned from and in the document itself.
 */
const TOKENS = /\n[ \t]*|[A-Za-z_$][\w$]*|\d+|[^\S\n]+|[^\w\s]/g;
/** Tokens of context by which places are found; shorter contexts are tried only where none fits. */
const INDEX_TOKENS = [4, 2, 1] as const;
const MAX_CONTEXT_TOKENS = 24;
/** Places that are looked at for one token. */
const MAX_PLACES = 4_000;
const HASH_BITS = 22;

export function tokensOf(text: string): readonly string[] {
  return text.match(TOKENS) ?? [];
}

export class NgramModel {
  readonly #ids = new Map<string, number>();
  readonly #spellings: string[] = [];
  #tokens: Int32Array;
  #length = 0;
  /** By the hash of the tokens before it: the last place, and for each place the one before with the same hash. */
  readonly #indexes = INDEX_TOKENS.map((context) => ({ context, last: new Int32Array(1 << HASH_BITS).fill(-1), previous: new Int32Array(0) }));

  constructor(texts: Iterable<string>) {
    const parts: Int32Array[] = [];
    let length = 0;
    for (const text of texts) {
      const ids = Int32Array.from([...tokensOf(text), '\0'], (token) => this.#idOf(token));
      parts.push(ids);
      length += ids.length;
    }
    // Room for a document after the texts.
    this.#tokens = new Int32Array(length + 20_000);
    for (const part of parts) {
      this.#tokens.set(part, this.#length);
      this.#length += part.length;
    }
    for (const index of this.#indexes) {
      index.previous = new Int32Array(this.#tokens.length);
      for (let place = index.context; place < this.#length; place++) this.#index(index, place);
    }
  }

  get tokenCount(): number {
    return this.#length;
  }

  /** Continues `prefix` up to the end of its line, knowing also the text after it. */
  continueLine(prefix: string, suffix: string, maxTokens: number): string {
    const given = tokensOf(prefix);
    // The last token may not be whole, as the word or the indentation in which the cursor stands: what comes must begin with it.
    const begun = given.at(-1) ?? '';
    const start = this.#length;
    const undo: (() => void)[] = [];
    const append = (id: number): void => {
      if (this.#length >= this.#tokens.length) return;
      this.#tokens[this.#length++] = id;
      for (const index of this.#indexes) {
        if (this.#length - 1 - start < index.context) continue;
        const [hash, before] = this.#index(index, this.#length - 1);
        undo.push(() => (index.last[hash] = before));
      }
    };
    for (const token of [...tokensOf(suffix), '\0', ...given.slice(0, -1)]) append(this.#idOf(token));
    let text = '';
    for (let count = 0; count < maxTokens; count++) {
      const id = this.#next(count === 0 ? begun : '');
      const token = id === undefined ? '\n' : (this.#spellings[id] as string);
      if (count === 0) text = token.startsWith(begun) ? token.slice(begun.length) : '';
      else if (token.startsWith('\n') || token === '\0') break;
      else text += token;
      if (id === undefined) break;
      append(id);
    }
    for (const one of undo.reverse()) one();
    this.#length = start;
    return text;
  }

  /** What followed the longest known context most often and begins as required; of several the one that was seen last. */
  #next(required: string): number | undefined {
    for (const { context, last, previous } of this.#indexes) {
      const votes = new Map<number, number>();
      let longest = 0;
      let place = last[this.#hash(this.#length, context)] as number;
      for (let looked = 0; place >= 0 && looked < MAX_PLACES; looked++, place = previous[place] as number) {
        const common = this.#commonBefore(place);
        if (common < context || common < longest) continue;
        const token = this.#tokens[place] as number;
        if (!(this.#spellings[token] as string).startsWith(required)) continue;
        if (common > longest) votes.clear();
        longest = common;
        votes.set(token, (votes.get(token) ?? 0) + 1);
      }
      const best = [...votes].reduce<[number, number] | undefined>((most, vote) => (most && most[1] >= vote[1] ? most : vote), undefined);
      if (best) return best[0];
    }
    return undefined;
  }

  #commonBefore(place: number): number {
    let common = 0;
    while (common < MAX_CONTEXT_TOKENS && common < place && this.#tokens[place - 1 - common] === this.#tokens[this.#length - 1 - common]) common++;
    return common;
  }

  #index({ context, last, previous }: { context: number; last: Int32Array; previous: Int32Array }, place: number): [hash: number, before: number] {
    const hash = this.#hash(place, context);
    const before = last[hash] as number;
    previous[place] = before;
    last[hash] = place;
    return [hash, before];
  }

  /** Of the tokens before a place. */
  #hash(place: number, context: number): number {
    let hash = context;
    for (let back = 1; back <= context; back++) hash = Math.imul(hash ^ (this.#tokens[place - back] as number), 0x9e3779b1) ^ (hash >>> 15);
    return (hash >>> 0) >>> (32 - HASH_BITS);
  }

  #idOf(token: string): number {
    const known = this.#ids.get(token);
    if (known !== undefined) return known;
    this.#ids.set(token, this.#spellings.length);
    return this.#spellings.push(token) - 1;
  }
}
