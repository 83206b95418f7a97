import { mean } from '../statistics.ts';

/** The mean and standard deviation over seeds. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

export function spread(values: readonly number[]): Spread {
  const middle = mean(values);
  return {
    mean: middle,
    deviation: Math.sqrt(
      values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / Math.max(1, values.length - 1),
    ),
  };
}

export const format = ({ mean: middle, deviation }: Spread, digits = 2): string =>
  `${middle.toFixed(digits)} ± ${deviation.toFixed(digits)}`;

/** Formats a difference with its sign. */
export const signed = ({ mean: middle, deviation }: Spread, digits = 4): string =>
  `${middle < 0 ? '−' : '+'}${Math.abs(middle).toFixed(digits)} ± ${deviation.toFixed(digits)}`;
