import { createHash } from 'node:crypto';
import path from 'node:path';
import { repositoryRoot } from '../report.ts';
import { KeptResults } from './keptResults.ts';
import { OutcomesFile, type OutcomeValue } from './outcomesFile.ts';

/** A task for models, in one or several variants. */
export interface KeptTask<Result extends { readonly id: string }> {
  /** The page of `docs/results`. Outcomes are kept beside it. */
  readonly page: string;
  readonly name: string;
  /** All parameters of the task. A changed method has a new number. */
  readonly settings: readonly unknown[];
  readonly valueOf: (result: Result) => OutcomeValue;
  readonly resultOf: (id: string, value: OutcomeValue) => Result;
}

/** Opens the kept results of a model by variant: those of the repository, and those measured on this machine since. */
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

/** Writes the kept results of a model to the repository, for the next machine. */
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
