import { createHash } from 'node:crypto';
import path from 'node:path';
import { repositoryRoot } from '../report.ts';
import { KeptResults } from './keptResults.ts';
import { OutcomesFile, type OutcomeValue } from './outcomesFile.ts';

/** Something that is asked of models, in one way or several. */
export interface KeptTask<Result extends { readonly id: string }> {
  /** Of `docs/results`, beside which outcomes are kept. */
  readonly page: string;
  readonly name: string;
  /** All that decides what is asked; a way of measuring that is another has a number that is another. */
  readonly settings: readonly unknown[];
  readonly valueOf: (result: Result) => OutcomeValue;
  readonly resultOf: (id: string, value: OutcomeValue) => Result;
}

/** What is kept of a model, by variant: what the repository has, and what was measured on this machine since. */
export async function openKept<Result extends { readonly id: string }>(
  modelDigest: string,
  task: KeptTask<Result>,
  variants: readonly string[],
): Promise<ReadonlyMap<string, KeptResults<Result>>> {
  const outcomes = await outcomesFile(task).read(shortened(modelDigest), task.name, JSON.stringify(task.settings));
  const open = async (variant: string): Promise<readonly [string, KeptResults<Result>]> => {
    const hash = createHash('sha1')
      .update(JSON.stringify([variant, ...task.settings]))
      .digest('hex')
      .slice(0, 10);
    return [
      variant,
      await KeptResults.open(
        modelDigest,
        `${task.name}-${hash}`,
        [...(outcomes.get(variant) ?? [])].map(([id, value]) => task.resultOf(id, value)),
      ),
    ];
  };
  return new Map(await Promise.all([...new Set(variants)].map(open)));
}

/** Writes what is kept of a model to the repository, for the next machine. */
export async function keepInRepository<Result extends { readonly id: string }>(
  modelDigest: string,
  task: KeptTask<Result>,
  variants: readonly string[],
): Promise<void> {
  const outcomes = new Map(
    [...(await openKept(modelDigest, task, variants))].map(([variant, results]) => [
      variant,
      new Map(results.all.map((result) => [result.id, task.valueOf(result)])),
    ]),
  );
  await outcomesFile(task).add(shortened(modelDigest), task.name, {
    settings: JSON.stringify(task.settings),
    outcomes,
  });
}

const outcomesFile = ({ page }: { readonly page: string }): OutcomesFile =>
  new OutcomesFile(path.join(repositoryRoot, 'docs', 'results', `${page}.outcomes.json`));
const shortened = (digest: string): string => digest.slice(0, 16);
