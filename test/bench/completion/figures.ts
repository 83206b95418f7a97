import { meanOf, type Paired, pairedDifference } from '../bundled/paired.ts';
import type { Arm, PlaceResult } from './arms.ts';

export interface ArmFigures {
  readonly arm: Arm;
  readonly exact: Paired;
  readonly similarity: Paired;
  readonly hasName: Paired;
  readonly contextTokens: number;
  /** Similarity less that of the arm before, place by place. */
  readonly gain?: Paired;
}

/** Means over places that every arm has. */
export function figuresOf(results: ReadonlyMap<Arm, readonly PlaceResult[]>): readonly ArmFigures[] {
  const arms = [...results];
  return arms.map(([arm, of], index): ArmFigures => {
    const before = arms[index - 1]?.[1];
    return {
      arm,
      exact: meanOf(of.map(({ isExact }) => Number(isExact))),
      similarity: meanOf(of.map(({ similarity }) => similarity)),
      hasName: meanOf(of.map(({ hasName }) => Number(hasName))),
      contextTokens: Math.round(meanOf(of.map(({ contextTokens }) => contextTokens)).mean),
      ...(before === undefined ? {} : { gain: pairedDifference(of.map(({ similarity }) => similarity), before.map(({ similarity }) => similarity)) }),
    };
  });
}

export function reportOf(figures: readonly ArmFigures[]): string {
  const share = ({ mean, standardError }: Paired): string => `${(100 * mean).toFixed(1)} ± ${(100 * standardError).toFixed(1)} %`;
  const names: Readonly<Record<Arm, string>> = { line: 'three lines', file: 'the file before the line', workspace: 'and the workspace' };
  const rows = figures.map(({ arm, exact, similarity, hasName, contextTokens, gain }) =>
    `| ${names[arm]} | ${share(exact)} | ${share(similarity)} | ${share(hasName)} | ${contextTokens} | ${gain ? share(gain) : ''} |`);
  return [
    `${figures[0]?.exact.count ?? 0} lines of held-out packages from npm and PyPI, each the first that uses a name which its file imports from its own package. The line is written from its first token, greedily; the text behind`,
    'it is not shown. Standard errors are of the mean over lines.',
    '',
    '| what the prompt holds | exact | edit similarity | has the name | tokens of other files | similarity more than the row above |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** 1 less Levenshtein's distance by the longer text's length. */
export function similarityOf(one: string, other: string): number {
  const longest = Math.max(one.length, other.length);
  if (longest === 0) return 1;
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      current.push(Math.min((previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1), (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return 1 - (previous[other.length] ?? 0) / longest;
}
