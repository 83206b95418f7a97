import type { ProcessLife } from '../outcomes.ts';

/** The first minutes are left out: memory that a process loads with its first requests is no growth. */
export const WARM_UP_MINUTES = 10;
/** The minimum length, since a shorter line says nothing about an hour. */
export const MIN_MINUTES = 20;

/**
 * Returns the slope of a least-squares line through a life without its first minutes. Returns `undefined` if the life
 * was too short.
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

/** Returns the mean over several lives, weighted by their length. */
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
