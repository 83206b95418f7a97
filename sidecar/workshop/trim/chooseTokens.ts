import { TroubleError } from '../../common/troubleError.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { BpeVocabulary } from './bpeVocabulary.ts';

/** How often a group of texts uses each token. */
export interface TokenCounts {
  readonly name: string;
  /** The cost of additional tokens in this group, relative to a group of importance 1. */
  readonly importance: number;
  /** By token id. */
  readonly counts: Float64Array;
}

/** The kept tokens, and how many more tokens each group of texts then has. */
export interface TokenChoice {
  /** Ids in ascending order. */
  readonly kept: readonly TokenId[];
  /** For each group in order. 0.01 is 1 % more tokens. */
  readonly moreShares: readonly number[];
}

/**
 * Chooses `size` tokens: all bytes and marks, and the most used tokens, each with the tokens that it is merged from.
 * Groups have equal weight whatever their length, times their importance. Throws `TroubleError` 'invalid-input' for an
 * impossible size.
 */
export function chooseTokens(
  vocabulary: Pick<BpeVocabulary, 'tokens' | 'pairs' | 'needed'>,
  groups: readonly TokenCounts[],
  size: number,
): TokenChoice {
  const most = new Set([...vocabulary.needed, ...vocabulary.pairs.keys()]).size;
  if (size < vocabulary.needed.length || size > most)
    throw new TroubleError(
      'invalid-input',
      `${size} tokens can't be kept, expected ${vocabulary.needed.length} (bytes and special tokens) to ${most}.`,
    );
  const totals = groups.map(({ counts }) =>
    Math.max(
      1,
      counts.reduce((sum, count) => sum + count, 0),
    ),
  );
  const scores = new Float64Array(vocabulary.tokens.length);
  for (const [index, { importance, counts }] of groups.entries()) {
    const scale = importance / totals[index]!;
    for (let token = 0; token < scores.length; token++) scores[token]! += counts[token]! * scale;
  }
  const kept = mostUsed(vocabulary, scores, size);
  return {
    kept: [...kept].sort((a, b) => a - b),
    moreShares: groups.map(({ counts }, index) => moreTokens(vocabulary, kept, counts) / totals[index]!),
  };
}

/** Tokens in the order of their scores, each with the tokens that it is merged from, as long as they fit. */
function mostUsed(
  { pairs, needed }: Pick<BpeVocabulary, 'pairs' | 'needed'>,
  scores: Float64Array,
  size: number,
): ReadonlySet<TokenId> {
  const kept = new Set(needed);
  const order = [...pairs.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
  for (const token of order) {
    if (kept.size === size) break;
    const missing = missingFor(token, pairs, kept);
    if (missing && kept.size + missing.size <= size) for (const one of missing) kept.add(one);
  }
  return kept;
}

/** A token and the missing tokens that lead to it. `undefined` if it can't be built from bytes. */
function missingFor(
  token: TokenId,
  pairs: BpeVocabulary['pairs'],
  kept: ReadonlySet<TokenId>,
): ReadonlySet<TokenId> | undefined {
  const missing = new Set<TokenId>();
  const open = [token];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (kept.has(next) || missing.has(next)) continue;
    const pair = pairs.get(next);
    if (!pair) return undefined;
    missing.add(next);
    open.push(...pair);
  }
  return missing;
}

/**
 * How many more tokens a group's texts have when dropped tokens are split into the tokens that they are merged from.
 */
function moreTokens({ pairs }: Pick<BpeVocabulary, 'pairs'>, kept: ReadonlySet<TokenId>, counts: Float64Array): number {
  const pieces = new Map<TokenId, number>();
  const piecesOf = (token: TokenId): number => {
    if (kept.has(token)) return 1;
    const known = pieces.get(token);
    if (known !== undefined) return known;
    const pair = pairs.get(token);
    const sum = pair ? piecesOf(pair[0]) + piecesOf(pair[1]) : 1;
    pieces.set(token, sum);
    return sum;
  };
  let more = 0;
  for (const [token, count] of counts.entries()) if (count > 0) more += count * (piecesOf(token) - 1);
  return more;
}
