import { isDeepStrictEqual } from 'node:util';
import { meanOf, type Paired, pairedDifference } from '../bundled/paired.ts';
import type { Arm, PlaceResult } from './arms.ts';

export interface ArmFigures {
  readonly arm: Arm;
  readonly exact: Paired;
  readonly similarity: Paired;
  readonly hasName: Paired;
  readonly isOfWrongFile: Paired;
  readonly agreedUnits: Paired;
  readonly contextTokens: number;
  /**
   * The similarity minus that of the compared arm, place by place: the smaller prompt, the full cache, or the model
   * without n-grams.
   */
  readonly gain?: Paired;
  /** For prompts with the workspace: the similarity minus that with the file alone in the full cache. */
  readonly gainOfWorkspace?: Paired;
}

export interface CompletionOfModel {
  readonly model: string;
  readonly arms: readonly ArmFigures[];
}

/** Returns means over the places that every arm has. */
export function figuresOf(results: ReadonlyMap<Arm, readonly PlaceResult[]>): readonly ArmFigures[] {
  const resultsOf = (wanted: Arm): readonly PlaceResult[] | undefined =>
    [...results].find(([arm]) => isDeepStrictEqual(arm, wanted))?.[1];
  return [...results].map(([arm, of]): ArmFigures => {
    const than = comparedWith(arm);
    const similarityMoreThan = (other: Arm): Paired | undefined => {
      const before = resultsOf(other);
      return (
        before &&
        pairedDifference(
          of.map(({ similarity }) => similarity),
          before.map(({ similarity }) => similarity),
        )
      );
    };
    const gain = than && similarityMoreThan(than);
    const gainOfWorkspace =
      arm.prompt === 'workspace' ? similarityMoreThan({ prompt: 'file', cache: 'full', withNgrams: false }) : undefined;
    return {
      arm,
      exact: meanOf(of.map(({ isExact }) => Number(isExact))),
      similarity: meanOf(of.map(({ similarity }) => similarity)),
      hasName: meanOf(of.map(({ hasName }) => Number(hasName))),
      isOfWrongFile: meanOf(of.map(({ isOfWrongFile }) => Number(isOfWrongFile))),
      agreedUnits: meanOf(of.map(({ agreedUnits }) => agreedUnits)),
      contextTokens: Math.round(meanOf(of.map(({ contextTokens }) => contextTokens)).mean),
      ...(gain ? { gain } : {}),
      ...(gainOfWorkspace ? { gainOfWorkspace } : {}),
    };
  });
}

/** The prompt with one part less. */
const LESS: Readonly<Record<Arm['prompt'], Arm['prompt'] | undefined>> = {
  line: undefined,
  file: 'line',
  document: 'file',
  workspace: 'file',
};

/** The arm that differs in one property. */
function comparedWith(arm: Arm): Arm | undefined {
  if (arm.withNgrams) return { ...arm, withNgrams: false };
  if (arm.cache !== 'full') return { ...arm, cache: 'full' };
  const prompt = LESS[arm.prompt];
  return prompt && { ...arm, prompt };
}

export function reportOf(models: readonly CompletionOfModel[]): string {
  return [
    'Lines of held-out packages from npm and PyPI. Each is the first that uses a name which its file imports from its own package. The line is written from its first token, greedily. The text after',
    'it is not in the prompt unless a row says so. Standard errors are of the mean over lines. A name of a wrong file is a name that another file of the prompt has, but neither the document nor the line.',
    'N-grams are those of whole files of the workspace, chosen for this place. In Chorus they count beside small models.',
    ...models.flatMap(({ model, arms }) => [
      '',
      `## ${model}`,
      '',
      `${arms[0]?.exact.count ?? 0} lines.`,
      '',
      ...tableOf(arms),
    ]),
  ].join('\n');
}

function tableOf(figures: readonly ArmFigures[]): readonly string[] {
  const share = ({ mean, standardError }: Paired): string =>
    `${(100 * mean).toFixed(1)} ± ${(100 * standardError).toFixed(1)} %`;
  const names: Readonly<Record<Arm['prompt'], string>> = {
    line: 'three lines',
    file: 'the file before the line',
    document: 'and the text after it',
    workspace: 'the file before the line, and the workspace',
  };
  const rows = figures.map(
    ({ arm, exact, similarity, hasName, isOfWrongFile, agreedUnits, contextTokens, gain, gainOfWorkspace }) => {
      const name = `${arm.cache === 'full' ? names[arm.prompt] : `the same, in \`${arm.cache}\``}${arm.withNgrams ? ', with n-grams' : ''}`;
      return `| ${name} | ${share(exact)} | ${share(similarity)} | ${agreedUnits.mean.toFixed(1)} | ${share(hasName)} | ${share(isOfWrongFile)} | ${contextTokens} | ${gain ? share(gain) : ''} | ${gainOfWorkspace ? share(gainOfWorkspace) : ''} |`;
    },
  );
  return [
    '| contents of the prompt | exact | edit similarity | correct characters from the start | has the name | a wrong file’s name | tokens of other files | similarity gained over the smaller prompt, the full cache, or no n-grams | gained over the file alone |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ];
}
