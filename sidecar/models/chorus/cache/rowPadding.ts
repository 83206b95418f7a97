/** The number of attended rows is rounded up to this. So a graph serves many tokens, and GPUs keep their fast paths. */
export const ROW_PADDING = 256;
/**
 * The rounding on the processor up to `ROW_PADDING` rows. It reads all attended rows: with 256 a token behind a short
 * prompt would read four times as many rows as there are.
 */
export const SHORT_ROW_PADDING = 64;

/** The number of rows of a graph that has to attend `rows`. */
export function padRows(rows: number, padding = ROW_PADDING): number {
  return Math.ceil(rows / padding) * padding;
}
