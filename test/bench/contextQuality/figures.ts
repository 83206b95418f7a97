import { pairedProportions, wilsonInterval, type Interval } from '../../../sidecar/workshop/retrieval/proportions.ts';
import { meanOf, type Paired } from '../bundled/paired.ts';

/** A question to the full cache and to others, and its result. */
export interface Outcome {
  readonly id: string;
  /** The questions of a group count if the full cache knows enough of them. */
  readonly group: string;
  readonly isRight: boolean;
}

/** A group of questions, and the result of the full cache. */
export interface GroupFigure {
  readonly group: string;
  readonly questions: number;
  readonly share: number;
  readonly counts: boolean;
}

/** A choice compared with the full cache, over the same questions. */
export interface ShareFigure {
  /** In the form of `--cache`. */
  readonly cache: string;
  readonly questions: number;
  readonly share: number;
  readonly interval: Interval;
  /** The difference to the full cache. Negative means less. */
  readonly difference: number;
  readonly differenceInterval: Interval;
}

/** A choice compared with the full cache and no context, over the same places. */
export interface ContinuationFigure {
  /** In the form of `--cache`. */
  readonly cache: string;
  readonly places: number;
  readonly perplexity: number;
  /** The share of the full cache's gain over no context. */
  readonly shareOfGain: number;
  /** 1.96 standard errors of that share, given the measured gain. */
  readonly shareError: number;
  /** In nats per token. */
  readonly moreThanFull: Paired;
}

/** The results of a model. */
export interface QualityFigures {
  readonly recall: { readonly groups: readonly GroupFigure[]; readonly choices: readonly ShareFigure[] };
  readonly needle: { readonly groups: readonly GroupFigure[]; readonly choices: readonly ShareFigure[] };
  readonly continuation: {
    readonly places: number;
    readonly perplexity: { readonly none: number; readonly full: number } | undefined;
    readonly choices: readonly ContinuationFigure[];
  };
}

/** Below this share the full cache does so badly that a difference means nothing. */
const LEAST_SHARE = 0.6;

export function groupFigures(full: readonly Outcome[]): readonly GroupFigure[] {
  return [...new Set(full.map(({ group }) => group))].map((group) => {
    const outcomes = full.filter((outcome) => outcome.group === group);
    const share = outcomes.filter(({ isRight }) => isRight).length / outcomes.length;
    return { group, questions: outcomes.length, share, counts: share >= LEAST_SHARE };
  });
}

/**
 * Returns the figure over the questions that both were asked, in groups that count. Returns `undefined` if there are
 * none.
 */
export function shareFigure(
  cache: string,
  outcomes: readonly Outcome[],
  full: readonly Outcome[],
): ShareFigure | undefined {
  const counting = new Set(groupFigures(full).flatMap(({ group, counts }) => (counts ? [group] : [])));
  const byFull = new Map(full.filter(({ group }) => counting.has(group)).map(({ id, isRight }) => [id, isRight]));
  const both = outcomes.filter(({ id }) => byFull.has(id));
  if (both.length === 0) return undefined;
  const own = both.map(({ isRight }) => isRight);
  const right = own.filter(Boolean).length;
  const { difference, interval } = pairedProportions(
    own,
    both.map(({ id }) => byFull.get(id) as boolean),
  );
  return {
    cache,
    questions: both.length,
    share: right / both.length,
    interval: wilsonInterval(right, both.length),
    difference,
    differenceInterval: interval,
  };
}

/**
 * Returns the figure of a cache. `nats` holds nats per token by place. Returns `undefined` if no place was measured in
 * all three ways.
 */
export function continuationFigure(
  cache: string,
  nats: ReadonlyMap<string, number>,
  { none, full }: { readonly none: ReadonlyMap<string, number>; readonly full: ReadonlyMap<string, number> },
): ContinuationFigure | undefined {
  const ids = [...nats.keys()].filter((id) => none.has(id) && full.has(id));
  if (ids.length === 0) return undefined;
  const mean = (values: ReadonlyMap<string, number>): number => meanOf(ids.map((id) => values.get(id) as number)).mean;
  const moreThanFull = meanOf(ids.map((id) => (nats.get(id) as number) - (full.get(id) as number)));
  const gain = mean(none) - mean(full);
  return {
    cache,
    places: ids.length,
    perplexity: Math.exp(mean(nats)),
    shareOfGain: (mean(none) - mean(nats)) / gain,
    shareError: (1.96 * moreThanFull.standardError) / Math.abs(gain),
    moreThanFull,
  };
}
