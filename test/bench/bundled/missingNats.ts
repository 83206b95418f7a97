import { logSumExp } from '../../../sidecar/models/decoding/logSumExp.ts';
import { OutputStart } from '../../../sidecar/models/decoding/outputStart.ts';
import type { TokenIndex } from '../../../sidecar/models/decoding/tokenIndex.ts';
import type { TokenId } from '../../../sidecar/protocol/engine.ts';

const LINE_BREAK = Buffer.from('\n');

export interface Missing {
  /** The tokens of the text that healing took back and of the missing text. */
  readonly tokens: readonly TokenId[];
  readonly requiredPrefix: string;
  readonly index: TokenIndex;
  readonly endOfGeneration: readonly TokenId[];
}

/**
 * Returns the nats that a model needs for the missing text and the end of its line. Vocabularies differ in whether a
 * line break is part of a line's last token, so both forms count. `logitsOf(i)` returns the logits before token i,
 * [vocabulary]. The last ones are those after all tokens.
 */
export function missingNats(
  { tokens, requiredPrefix, index, endOfGeneration }: Missing,
  logitsOf: (position: number) => Float32Array,
): number {
  const healing = new OutputStart(index, { requiredPrefix });
  const spelling = tokens.map((token) => index.tokenBytes(token));
  const ways: number[] = [];
  let soFar = 0;
  for (const [position, token] of tokens.entries()) {
    const share = sharesOf(logitsOf(position), healing.allowed);
    ways.push(soFar + share(endsOf(Buffer.concat(spelling.slice(position)), index)));
    soFar += share(new Set([token]));
    healing.accept(token);
  }
  ways.push(
    soFar +
      sharesOf(logitsOf(tokens.length), undefined)(new Set([...endsOf(Buffer.alloc(0), index), ...endOfGeneration])),
  );
  return -logSumExp(Float32Array.from(ways));
}

/** The tokens that write the rest of a line and a line break. */
function endsOf(rest: Uint8Array, index: TokenIndex): ReadonlySet<TokenId> {
  const whole = Buffer.concat([rest, LINE_BREAK]);
  return new Set([...index.compatibleWith(whole)].filter((token) => index.tokenBytes(token).length >= whole.length));
}

/** The logarithm of the probability of any of some tokens. If `allowed` is given, only its tokens are possible. */
function sharesOf(
  logits: Float32Array,
  allowed: ReadonlySet<TokenId> | undefined,
): (tokens: ReadonlySet<TokenId>) => number {
  const sumOf = (tokens: ReadonlySet<TokenId>): number =>
    logSumExp(Float32Array.from(tokens, (token) => logits[token] as number));
  const all = allowed ? sumOf(allowed) : logSumExp(logits);
  return (tokens) => sumOf(tokens) - all;
}
