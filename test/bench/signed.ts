/** Formats a number that always has a sign. */
export const signed = (value: number, digits: number): string =>
  `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;

/** Formats a difference of shares in percentage points. */
export const points = (difference: number): string => signed(100 * difference, 1);
