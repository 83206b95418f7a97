import type { ProcessLife } from '../outcomes.ts';

/** What a process loads with its first requests is no growth. */
export const WARM_UP_MINUTES = 10;
/** A line through less says nothing of an hour. */
export const MIN_MINUTES = 20;

/**
 * Growth by a line of least squares through a life, its first minutes left out; `undefined` where the life was too
 * short.
 */
export function growthMebibytesPerHour({
  residentMebibytes,
}: ProcessLife): { readonly perHour: number; readonly hours: number } | undefined {
  const values = residentMebibytes.slice(WARM_UP_MINUTES);
  if (values.length < MIN_MINUTES) return undefined;
  const middle = (values.length - 1) / 2;
  const average = values.reduce((sum, value) => sum + value, 0) / values.length;
  let covariance = 0;
  let variance = 0;
  for (const [minute, value] of values.entries()) {
    covariance += (minute - middle) * (value - average);
    variance += (minute - middle) ** 2;
  }
  return { perHour: (covariance / variance) * 60, hours: values.length / 60 };
}

/** Of several lives, each by its length. */
export function meanGrowth(lives: readonly ProcessLife[]): {
  readonly perHour: number;
  readonly hours: number;
  readonly lives: number;
} {
  const measured = lives.flatMap((life) => growthMebibytesPerHour(life) ?? []);
  const hours = measured.reduce((sum, life) => sum + life.hours, 0);
  return {
    perHour: measured.reduce((sum, life) => sum + life.perHour * life.hours, 0) / hours,
    hours,
    lives: measured.length,
  };
}
