import type { PlaceResult } from '../completion/arms.ts';
import { meanOf, type Paired, pairedDifference } from '../bundled/paired.ts';
import type { LengthArm } from './arms.ts';

export interface LengthFigures {
  readonly arm: LengthArm;
  readonly exact: Paired;
  readonly similarity: Paired;
  readonly hasName: Paired;
  readonly isOfWrongFile: Paired;
  /** The mean tokens of other files in the prompt. A small workspace has fewer than the arm allows. */
  readonly contextTokens: number;
  /**
   * The share of exact lines minus that of another arm, place by place: of no context for the full cache, of the full
   * cache for tiers.
   */
  readonly exactMore?: Paired;
  /** The same for the edit similarity. */
  readonly similarityMore?: Paired;
}

/** Returns means over the places that every arm has. */
export function lengthFigures(results: ReadonlyMap<LengthArm, readonly PlaceResult[]>): readonly LengthFigures[] {
  return [...results].map(([arm, of]): LengthFigures => {
    const base = [...results].find(
      ([{ contextTokens, cache }]) =>
        cache === 'full' && contextTokens === (arm.cache === 'full' ? 0 : arm.contextTokens),
    );
    const more = (value: (result: PlaceResult) => number): Paired | undefined =>
      base && base[0] !== arm ? pairedDifference(of.map(value), base[1].map(value)) : undefined;
    const exactMore = more(({ isExact }) => Number(isExact));
    const similarityMore = more(({ similarity }) => similarity);
    return {
      arm,
      exact: meanOf(of.map(({ isExact }) => Number(isExact))),
      similarity: meanOf(of.map(({ similarity }) => similarity)),
      hasName: meanOf(of.map(({ hasName }) => Number(hasName))),
      isOfWrongFile: meanOf(of.map(({ isOfWrongFile }) => Number(isOfWrongFile))),
      contextTokens: Math.round(meanOf(of.map(({ contextTokens }) => contextTokens)).mean),
      ...(exactMore ? { exactMore } : {}),
      ...(similarityMore ? { similarityMore } : {}),
    };
  });
}

/** Returns the figures as a table in Markdown. */
export function lengthTable(figures: readonly LengthFigures[]): string {
  const share = (paired: Paired | undefined): string =>
    paired ? `${(100 * paired.mean).toFixed(1)} ± ${(100 * paired.standardError).toFixed(1)} %` : '';
  return [
    `${figures[0]?.exact.count ?? 0} lines.`,
    '',
    '| tokens of other files, at most | cache | tokens | exact | more | edit similarity | more | has the name | a wrong file’s name |',
    '|---:|---|---:|---:|---:|---:|---:|---:|---:|',
    ...figures.map(
      ({ arm, exact, exactMore, similarity, similarityMore, hasName, isOfWrongFile, contextTokens }) =>
        `| ${arm.contextTokens} | \`${arm.cache}\` | ${contextTokens} | ${share(exact)} | ${share(exactMore)} | ${share(similarity)} | ${share(similarityMore)} | ${share(hasName)} | ${share(isOfWrongFile)} |`,
    ),
  ].join('\n');
}
