/** Tokens of the largest evaluation; attention's tiled path needs 64. */
export const BATCH_TOKENS = 512;
