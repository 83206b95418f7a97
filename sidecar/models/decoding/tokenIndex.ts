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
  readonly #sorted: readonly { readonly token: TokenId; readonly bytes: Uint8Array }[];
  /** Tokens grouped by their leading white space. Tokens of white space only are separate groups. */
  #starts: readonly { readonly start: LineStart; readonly tokens: readonly TokenId[] }[] | undefined;
  readonly #lineStarts = new Map<string, ReadonlySet<TokenId>>();
  readonly size: number;

  constructor(private readonly vocabulary: TokenSpelling) {
    this.size = vocabulary.size;
    const tokens: { token: TokenId; bytes: Uint8Array }[] = [];
    for (let token = 0; token < vocabulary.size; token++) {
      if (vocabulary.isText(token)) tokens.push({ token, bytes: vocabulary.tokenBytes(token) });
    }
    this.#sorted = tokens.sort((a, b) => Buffer.compare(a.bytes, b.bytes) || a.token - b.token);
  }

  tokenBytes(token: TokenId): Uint8Array {
    return this.vocabulary.tokenBytes(token);
  }

  /** The tokens that are a prefix of `bytes` or begin with it. Empty if the vocabulary can't spell `bytes`. */
  compatibleWith(bytes: Uint8Array): Set<TokenId> {
    const tokens = new Set<TokenId>();
    for (let length = 1; length < bytes.length; length++) {
      const start = bytes.subarray(0, length);
      for (
        let at = this.#lowerBound(start);
        at < this.#sorted.length && Buffer.compare(this.#sorted[at]!.bytes, start) === 0;
        at++
      )
        tokens.add(this.#sorted[at]!.token);
    }
    for (let at = this.#lowerBound(bytes); at < this.#sorted.length && startsWith(this.#sorted[at]!.bytes, bytes); at++)
      tokens.add(this.#sorted[at]!.token);
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
    for (const { token, bytes } of this.#sorted) {
      const start = lineStartOf(bytes);
      const key = `${kindOf(start)} ${start.whiteSpace}`;
      const group = groups.get(key);
      if (group) group.tokens.push(token);
      else groups.set(key, { start, tokens: [token] });
    }
    return [...groups.values()];
  }

  #lowerBound(bytes: Uint8Array): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Buffer.compare(this.#sorted[middle]!.bytes, bytes) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && Buffer.compare(bytes.subarray(0, start.length), start) === 0;
}
