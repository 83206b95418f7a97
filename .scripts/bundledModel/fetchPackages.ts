/**
 * Fetches packages with their registries' own clients into a cache folder and unpacks them. No script of a package
 * runs.
 */
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from './clients/client.ts';
import { crates } from './clients/crates.ts';
import { debian } from './clients/debian.ts';
import { maven } from './clients/maven.ts';
import { npm } from './clients/npm.ts';
import { pypi } from './clients/pypi.ts';
import { folderName, REGISTRIES, type CorpusPackage, type Registry } from './packages.ts';

/** Clients start slowly, so each start fetches several packages. */
const BATCH_PACKAGES = 16;
const CONCURRENT_BATCHES = 3;

const clients: Readonly<Record<Registry, Client>> = { npm, pypi, debian, crates, maven };

/** Returns the folder of a fetched package. */
export function packageFolder(cacheFolder: string, wanted: CorpusPackage): string {
  return path.join(cacheFolder, wanted.registry, folderName(wanted));
}

/** Fetches the missing packages. Returns those that could not be fetched, with the reason. */
export async function fetchPackages(
  wanted: readonly CorpusPackage[],
  cacheFolder: string,
): Promise<ReadonlyMap<CorpusPackage, string>> {
  const batches: CorpusPackage[][] = [];
  for (const registry of REGISTRIES) {
    await mkdir(path.join(cacheFolder, registry), { recursive: true });
    const missing: CorpusPackage[] = [];
    for (const one of wanted)
      if (one.registry === registry && !(await stat(packageFolder(cacheFolder, one)).catch(() => undefined)))
        missing.push(one);
    for (let first = 0; first < missing.length; first += BATCH_PACKAGES)
      batches.push(missing.slice(first, first + BATCH_PACKAGES));
  }
  const failed = new Map<CorpusPackage, string>();
  const workers = Array.from({ length: CONCURRENT_BATCHES }, async () => {
    for (let next = batches.shift(); next; next = batches.shift())
      for (const [one, reason] of await fetchBatch(next, cacheFolder)) failed.set(one, reason);
  });
  await Promise.all(workers);
  return failed;
}

/** Fetches a batch. A single failing package makes its whole batch fail, so each package is fetched separately then. */
async function fetchBatch(
  batch: readonly CorpusPackage[],
  cacheFolder: string,
): Promise<ReadonlyMap<CorpusPackage, string>> {
  const [first, ...others] = batch;
  if (!first) return new Map();
  try {
    await fetchTogether(batch, first.registry, cacheFolder);
    return new Map();
  } catch (error) {
    if (others.length === 0) return new Map([[first, (error as Error).message]]);
    const failed: [CorpusPackage, string][] = [];
    for (const one of batch) failed.push(...(await fetchBatch([one], cacheFolder)));
    return new Map(failed);
  }
}

async function fetchTogether(batch: readonly CorpusPackage[], registry: Registry, cacheFolder: string): Promise<void> {
  const { download, isArchiveOf, unpack } = clients[registry];
  const work = await mkdtemp(path.join(cacheFolder, 'fetch-'));
  try {
    await download(batch, work);
    const files = await readdir(work);
    for (const wanted of batch) {
      const archive = files.find((file) => isArchiveOf(file, wanted));
      if (!archive)
        throw new Error(
          `The client of ${registry} brought no archive of ${wanted.name} ${wanted.version}, but ${files.join(', ')}.`,
        );
      const unpacked = path.join(work, 'unpacked', folderName(wanted));
      await mkdir(unpacked, { recursive: true });
      await unpack(path.join(work, archive), unpacked);
      // A folder gets its name only when it is complete. An existing folder was fetched in an earlier attempt.
      if (!(await stat(packageFolder(cacheFolder, wanted)).catch(() => undefined)))
        await rename(unpacked, packageFolder(cacheFolder, wanted));
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
