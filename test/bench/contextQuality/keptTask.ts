import { createHash } from 'node:crypto';
import path from 'node:path';
import { KeptResults } from '../bundled/kept.ts';
import { repositoryRoot } from '../report.ts';
import { keptBy } from './choices.ts';
import { OutcomesFile, type OutcomeValue } from './outcomes.ts';

const outcomesFile = new OutcomesFile(path.join(repositoryRoot, 'docs', 'results', 'context-quality.outcomes.json'));

/** Something that is asked of a model with several caches. */
export interface KeptTask<Result extends { readonly id: string }> {
  readonly name: string;
  /** All that decides what is asked; a way of measuring that is another has a number that is another. */
  readonly settings: readonly unknown[];
  readonly valueOf: (result: Result) => OutcomeValue;
  readonly resultOf: (id: string, value: OutcomeValue) => Result;
}

/** What is kept of a model by cache, or without a context by "none": what the repository has, and what was measured on this machine since. */
export async function openKept<Result extends { readonly id: string }>(modelDigest: string, task: KeptTask<Result>, caches: readonly string[]): Promise<ReadonlyMap<string, KeptResults<Result>>> {
  const outcomes = await outcomesFile.read(shortened(modelDigest), task.name, JSON.stringify(task.settings));
  const open = async (cache: string): Promise<readonly [string, KeptResults<Result>]> => {
    const key = keyOf(cache);
    const hash = createHash('sha1').update(JSON.stringify([key, ...task.settings])).digest('hex').slice(0, 10);
    return [cache, await KeptResults.open(modelDigest, `${task.name}-${hash}`, [...(outcomes.get(key) ?? [])].map(([id, value]) => task.resultOf(id, value)))];
  };
  return new Map(await Promise.all(caches.map(open)));
}

/** Writes what was measured to the repository, for the next machine. */
export async function keepInRepository<Result extends { readonly id: string }>(modelDigest: string, task: KeptTask<Result>, kept: ReadonlyMap<string, KeptResults<Result>>): Promise<void> {
  const outcomes = new Map([...kept].map(([cache, results]) => [keyOf(cache), new Map(results.all.map((result) => [result.id, task.valueOf(result)]))]));
  await outcomesFile.add(shortened(modelDigest), task.name, { settings: JSON.stringify(task.settings), outcomes });
}

const keyOf = (cache: string): string => (cache === 'none' ? cache : keptBy(cache));
const shortened = (digest: string): string => digest.slice(0, 16);
