import type { TokenId } from '../../protocol/engine.ts';

/** The part of a vocabulary that healing reads. */
export interface TokenSpelling {
  readonly size: number;
  tokenBytes(token: TokenId): Uint8Array;
  isText(token: TokenId): boolean;
}

/** All text tokens in the order of their bytes: those that begin with given bytes lie next to each other. */
export class TokenIndex {
  readonly #sorted: readonly { readonly token: TokenId; readonly bytes: Uint8Array }[];
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

  /** Tokens that are a beginning of `bytes`, or begin with it. Empty if the vocabulary can't spell it. */
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

/** Which tokens may come next so that the output begins with a required text; nothing is constrained once it does. */
export class TokenHealing {
  #rest: Uint8Array;
  #allowedNow: ReadonlySet<TokenId> | undefined;

  constructor(
    private readonly index: TokenIndex,
    requiredPrefix: string,
  ) {
    this.#rest = Buffer.from(requiredPrefix, 'utf8');
    this.#allowedNow = this.#compute();
  }

  /** `undefined`: any token. Empty: the vocabulary can't spell the required text. */
  get allowed(): ReadonlySet<TokenId> | undefined {
    return this.#allowedNow;
  }

  accept(token: TokenId): void {
    if (this.#rest.length === 0) return;
    this.#rest = this.#rest.subarray(Math.min(this.#rest.length, this.index.tokenBytes(token).length));
    this.#allowedNow = this.#compute();
  }

  #compute(): ReadonlySet<TokenId> | undefined {
    return this.#rest.length === 0 ? undefined : this.index.compatibleWith(this.#rest);
  }
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && Buffer.compare(bytes.subarray(0, start.length), start) === 0;
}
