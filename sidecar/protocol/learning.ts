/** What `chorus learn` tells the extension, in its `--json`. */

/** Why an expert is not used: the measure that did not allow it. */
export const REFUSALS = ['few-places', 'held-out-code', 'held-out-lines', 'general-code'] as const;
export type Refusal = (typeof REFUSALS)[number];
