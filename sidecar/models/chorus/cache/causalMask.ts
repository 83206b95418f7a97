export const F16_MINUS_INFINITY = 0xfc00;

/** The position of tokens among the rows that they attend. */
export interface MaskedTokens {
  readonly tokens: number;
  readonly attendedRows: number;
  /** The rows before the first token's row. */
  readonly past: number;
  /** How many tokens a token attends, itself included; absent: all. */
  readonly windowTokens?: number;
}

/**
 * Returns a mask in float16, `[attendedRows, tokens]`: 0 for the rows up to a token's own, −∞ elsewhere. Uses `buffer`
 * if that is large enough.
 */
export function causalMask(
  { tokens, attendedRows, past, windowTokens = Infinity }: MaskedTokens,
  buffer = new Uint16Array(0),
): Uint16Array<ArrayBuffer> {
  const mask =
    buffer.length < tokens * attendedRows
      ? new Uint16Array(tokens * attendedRows)
      : buffer.subarray(0, tokens * attendedRows);
  mask.fill(F16_MINUS_INFINITY);
  for (let token = 0; token < tokens; token++) {
    const end = past + token + 1;
    mask.fill(0, token * attendedRows + Math.max(0, end - windowTokens), token * attendedRows + end);
  }
  return mask;
}
