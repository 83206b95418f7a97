import { fits, kindOf, lineStartOf, type LineStart } from './lineStart.ts';
import type { TokenId } from '../../protocol/engine.ts';

/** The part of a vocabulary that the index reads. */
export interface TokenSpelling {
  readonly size: number;
  tokenBytes(token: TokenId): Uint8Array;
  isText(token: TokenId): boolean;
}

/** The number of cached sets of line starts. A large set takes some megabytes. */
const KEPT_LINE_STARTS = 8;

/** All text tokens, ordered by their bytes, so that tokens with a common prefix are neighbours. */
export class TokenIndex {
  /** The spellings as strings with a character per byte, since JavaScript compares strings faster than bytes. */
  readonly #sorted: readonly string[];
  readonly #tokensOf = new Map<string, TokenId[]>();
  /** Tokens grouped by their leading white space. Tokens of white space only are separate groups. */
  #starts: readonly { readonly start: LineStart; readonly tokens: readonly TokenId[] }[] | undefined;
  readonly #lineStarts = new Map<string, ReadonlySet<TokenId>>();
  readonly size: number;

  constructor(private readonly vocabulary: TokenSpelling) {
    this.size = vocabulary.size;
    for (let token = 0; token < vocabulary.size; token++) {
      if (!vocabulary.isText(token)) continue;
      const spelling = spellingOf(vocabulary.tokenBytes(token));
      const same = this.#tokensOf.get(spelling);
      if (same) same.push(token);
      else this.#tokensOf.set(spelling, [token]);
    }
    this.#sorted = [...this.#tokensOf.keys()].sort();
  }

  tokenBytes(token: TokenId): Uint8Array {
    return this.vocabulary.tokenBytes(token);
  }

  /** The tokens that are a prefix of `bytes` or begin with it. Empty if the vocabulary can't spell `bytes`. */
  compatibleWith(bytes: Uint8Array): Set<TokenId> {
    const wanted = spellingOf(bytes);
    const tokens = new Set<TokenId>();
    const add = (spelling: string): void => this.#tokensOf.get(spelling)?.forEach((token) => tokens.add(token));
    for (let length = 1; length < wanted.length; length++) add(wanted.slice(0, length));
    for (let at = this.#lowerBound(wanted); this.#sorted[at]?.startsWith(wanted); at++) add(this.#sorted[at]!);
    return tokens;
  }

  /**
   * The tokens that may begin a line with one of `indentations`. A file has few different indentations, so the sets are
   * cached.
   */
  beginningLine(indentations: readonly string[]): ReadonlySet<TokenId> {
    const key = indentations.join('\n');
    const known = this.#lineStarts.get(key);
    if (known !== undefined) return known;
    const tokens = new Set<TokenId>();
    this.#starts ??= this.#groupByStart();
    for (const { start, tokens: group } of this.#starts) {
      if (fits(start, indentations)) for (const token of group) tokens.add(token);
    }
    if (this.#lineStarts.size >= KEPT_LINE_STARTS) this.#lineStarts.clear();
    this.#lineStarts.set(key, tokens);
    return tokens;
  }

  #groupByStart(): readonly { readonly start: LineStart; readonly tokens: readonly TokenId[] }[] {
    const groups = new Map<string, { readonly start: LineStart; readonly tokens: TokenId[] }>();
    for (const tokens of this.#tokensOf.values()) {
      const start = lineStartOf(this.vocabulary.tokenBytes(tokens[0]!));
      const key = `${kindOf(start)} ${start.whiteSpace}`;
      const group = groups.get(key);
      if (group) for (const token of tokens) group.tokens.push(token);
      else groups.set(key, { start, tokens: [...tokens] });
    }
    return [...groups.values()];
  }

  #lowerBound(spelling: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < spelling) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function spellingOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}
