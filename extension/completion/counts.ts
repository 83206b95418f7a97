/** What became of ghost text, counted on this machine and nowhere else. */
export interface CompletionCounts {
  readonly shown: number;
  readonly accepted: number;
  readonly acceptedPartly: number;
  readonly dismissed: number;
  readonly acceptedCharacters: number;
  /** Accepted completions looked at again two minutes later. */
  readonly revisited: number;
  /** Sum over `revisited` of the share that still stood, 0 to 1 each. */
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

/** `counts` with `added` on top; unknown or damaged stored values count as 0. */
export function addCounts(
  counts: Partial<CompletionCounts> | undefined,
  added: Partial<CompletionCounts>,
): CompletionCounts {
  const names = Object.keys(NO_COUNTS) as (keyof CompletionCounts)[];
  return Object.fromEntries(
    names.map((name) => [name, finite(counts?.[name]) + finite(added[name])]),
  ) as unknown as CompletionCounts;
}

/** Share of shown completions that were taken, whole or in part; `undefined` before the first. */
export function acceptedShare(counts: CompletionCounts): number | undefined {
  return counts.shown === 0 ? undefined : Math.min(1, (counts.accepted + counts.acceptedPartly) / counts.shown);
}

/** Average share of accepted text that still stood two minutes later; `undefined` before the first. */
export function survivedShare(counts: CompletionCounts): number | undefined {
  return counts.revisited === 0 ? undefined : counts.survivedShares / counts.revisited;
}

function finite(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
