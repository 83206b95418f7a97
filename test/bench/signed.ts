/** With its sign in any case. */
export const signed = (value: number, digits: number): string =>
  `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;

/** A difference of shares in percentage points. */
export const points = (difference: number): string => signed(100 * difference, 1);
