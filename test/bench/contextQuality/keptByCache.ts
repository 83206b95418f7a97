import type { KeptResults } from '../kept/keptResults.ts';
import { keepInRepository, openKept, type KeptTask } from '../kept/keptTask.ts';
import { keptBy } from './choices.ts';

/** Opens the kept results of a model for choices of cache, and without a context for "none". */
export async function openKeptByCache<Result extends { readonly id: string }>(
  modelDigest: string,
  task: KeptTask<Result>,
  caches: readonly string[],
): Promise<ReadonlyMap<string, KeptResults<Result>>> {
  const kept = await openKept(modelDigest, task, caches.map(variantOf));
  return new Map(caches.map((cache) => [cache, kept.get(variantOf(cache)) as KeptResults<Result>]));
}

/** Writes the results to the repository. */
export async function keepByCacheInRepository<Result extends { readonly id: string }>(
  modelDigest: string,
  task: KeptTask<Result>,
  caches: readonly string[],
): Promise<void> {
  await keepInRepository(modelDigest, task, caches.map(variantOf));
}

const variantOf = (cache: string): string => (cache === 'none' ? cache : keptBy(cache));
