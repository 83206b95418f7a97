/** The most tokens of an evaluation. The tiled path of attention needs 64. */
export const BATCH_TOKENS = 512;
