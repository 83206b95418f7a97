/** Token healing the slow way: every token of the vocabulary is compared with the rest of the required text. */

/** Tokens whose bytes are a prefix of `rest`, or begin with it. */
export function allowedTokens(
  rest: Buffer,
  vocabulary: readonly { readonly token: number; readonly bytes: Buffer }[],
): number[] {
  return vocabulary
    .filter(({ bytes }) => {
      const shared = Math.min(bytes.length, rest.length);
      return shared > 0 && bytes.subarray(0, shared).equals(rest.subarray(0, shared));
    })
    .map(({ token }) => token);
}

/** The likeliest of the allowed tokens. Of equal probabilities, the smaller id wins. */
export function likeliest(allowed: readonly number[], probabilities: ReadonlyMap<number, number>): number {
  let best = allowed[0]!;
  for (const token of allowed) if ((probabilities.get(token) ?? 0) > (probabilities.get(best) ?? 0)) best = token;
  return best;
}
