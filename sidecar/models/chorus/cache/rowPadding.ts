/** Attended rows are rounded up to this, so that a graph serves many tokens and GPUs keep their fast paths. */
export const ROW_PADDING = 256;
/**
 * The same where the processor attends no more than `ROW_PADDING` rows, all of which it reads: a token behind a short
 * prompt would read four times what there is.
 */
export const SHORT_ROW_PADDING = 64;

/** The number of rows that a graph attends which has to attend `rows`. */
export function padRows(rows: number, padding = ROW_PADDING): number {
  return Math.ceil(rows / padding) * padding;
}
