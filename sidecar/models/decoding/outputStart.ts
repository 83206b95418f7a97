import type { TokenId } from '../../protocol/engine.ts';
import { fits, lineStartOf } from './lineStart.ts';
import type { TokenIndex } from './tokenIndex.ts';

/** The required start of an answer. */
export interface RequiredStart {
  /** Token healing: the answer begins with this text. */
  readonly requiredPrefix?: string;
  /** After the prefix, the answer has one of these sequences of spaces and tabs, then text in the same line. */
  readonly indentations?: readonly string[];
}

/** Restricts the next tokens so that the output begins as required. After that, every token is allowed. */
export class OutputStart {
  #rest: Uint8Array;
  /** White space behind the required prefix. */
  #written = '';
  readonly #indentations: readonly string[];
  #isIndented: boolean;
  #allowedNow: ReadonlySet<TokenId> | undefined;

  constructor(
    private readonly index: TokenIndex,
    { requiredPrefix = '', indentations }: RequiredStart,
  ) {
    this.#rest = Buffer.from(requiredPrefix, 'utf8');
    this.#isIndented = indentations === undefined;
    this.#indentations = indentations ?? [];
    this.#allowedNow = this.#compute();
  }

  /** `undefined`: every token. Empty: the vocabulary can't spell the required text. */
  get allowed(): ReadonlySet<TokenId> | undefined {
    return this.#allowedNow;
  }

  accept(token: TokenId): void {
    if (this.#allowedNow === undefined) return;
    const bytes = this.index.tokenBytes(token);
    const more = bytes.subarray(Math.min(this.#rest.length, bytes.length));
    this.#rest = this.#rest.subarray(Math.min(this.#rest.length, bytes.length));
    if (this.#rest.length === 0 && !this.#isIndented) {
      const { whiteSpace, next } = lineStartOf(more);
      this.#written += whiteSpace;
      this.#isIndented = next !== undefined;
    }
    this.#allowedNow = this.#compute();
  }

  #compute(): ReadonlySet<TokenId> | undefined {
    if (this.#rest.length === 0) {
      return this.#isIndented ? undefined : this.index.beginningLine(this.#restsOfIndentations());
    }
    const compatible = this.index.compatibleWith(this.#rest);
    if (this.#isIndented) return compatible;
    const rests = this.#restsOfIndentations();
    return new Set(
      [...compatible].filter((token) =>
        fits(lineStartOf(this.index.tokenBytes(token).subarray(this.#rest.length)), rests),
      ),
    );
  }

  #restsOfIndentations(): readonly string[] {
    return this.#indentations
      .filter((each) => each.startsWith(this.#written))
      .map((each) => each.slice(this.#written.length));
  }
}
