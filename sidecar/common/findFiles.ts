import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';

/** The most folder entries of one search, so that any folder costs bounded time. */
const MAX_ENTRIES = 20_000;
const MAX_FILES = 500;

export interface FindOptions<Found> {
  /** The depth of nested folders; 1 searches `root` alone. */
  readonly maxDepth: number;
  /** Describes a file, or returns `undefined` if it is not wanted. `realRoot` is `root` without links. */
  readonly look: (file: string, realRoot: string) => Promise<Found | undefined>;
}

/** Finds files below `root`. Follows no link to a folder. Folders that can't be read count as empty. */
export async function findFiles<Found>(root: string, { maxDepth, look }: FindOptions<Found>): Promise<Found[]> {
  const realRoot = await realpath(root).catch(() => undefined);
  if (realRoot === undefined) return [];
  const files: Found[] = [];
  let entriesLeft = MAX_ENTRIES;
  const folders: { folder: string; depth: number }[] = [{ folder: realRoot, depth: 1 }];
  for (
    let next = folders.shift();
    next !== undefined && entriesLeft > 0 && files.length < MAX_FILES;
    next = folders.shift()
  ) {
    const entries = await readdir(next.folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.slice(0, entriesLeft)) {
      const entryPath = path.join(next.folder, entry.name);
      if (entry.isDirectory()) {
        if (next.depth < maxDepth) folders.push({ folder: entryPath, depth: next.depth + 1 });
        continue;
      }
      const file = await look(entryPath, realRoot);
      if (file !== undefined) files.push(file);
    }
    entriesLeft -= entries.length;
  }
  return files.slice(0, MAX_FILES);
}

/** Returns an absolute path without links, as far as the path exists. */
export async function realPathOf(file: string): Promise<string> {
  const parent = path.dirname(file);
  return realpath(file).catch(async () =>
    parent === file ? file : path.join(await realPathOf(parent), path.basename(file)),
  );
}

/** Returns whether a path lies in a folder, by its name alone. */
export function isPathInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && !path.isAbsolute(relative) && relative.split(path.sep)[0] !== '..';
}
