/** Statistics of ghost text, kept only on this machine. */
export interface CompletionCounts {
  readonly shown: number;
  readonly accepted: number;
  readonly acceptedPartly: number;
  readonly dismissed: number;
  readonly acceptedCharacters: number;
  /** The number of accepted completions that were checked again two minutes later. */
  readonly revisited: number;
  /** The sum over `revisited` of the surviving share, each from 0 to 1. */
  readonly survivedShares: number;
}

export const NO_COUNTS: CompletionCounts = {
  shown: 0,
  accepted: 0,
  acceptedPartly: 0,
  dismissed: 0,
  acceptedCharacters: 0,
  revisited: 0,
  survivedShares: 0,
};

/** Returns `counts` plus `added`. Unknown or damaged stored values count as 0. */
export function addCounts(
  counts: Partial<CompletionCounts> | undefined,
  added: Partial<CompletionCounts>,
): CompletionCounts {
  const names = Object.keys(NO_COUNTS) as (keyof CompletionCounts)[];
  return Object.fromEntries(
    names.map((name) => [name, finite(counts?.[name]) + finite(added[name])]),
  ) as unknown as CompletionCounts;
}

/** The share of shown completions that were accepted, wholly or in part. `undefined` before the first. */
export function acceptedShare(counts: CompletionCounts): number | undefined {
  return counts.shown === 0 ? undefined : Math.min(1, (counts.accepted + counts.acceptedPartly) / counts.shown);
}

/** The average share of accepted text that survived two minutes. `undefined` before the first. */
export function survivedShare(counts: CompletionCounts): number | undefined {
  return counts.revisited === 0 ? undefined : counts.survivedShares / counts.revisited;
}

function finite(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
