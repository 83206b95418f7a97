import { copyFile, link, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';

/** Puts the files of a folder into another, except those that `accept` refuses by their relative path. */
export async function linkTree(
  source: string,
  target: string,
  accept: (relative: string) => boolean = () => true,
): Promise<void> {
  for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const relative = path.relative(source, file);
    if (!entry.isFile() || !accept(relative)) continue;
    const destination = path.join(target, relative);
    await mkdir(path.dirname(destination), { recursive: true });
    await linkOrCopy(file, destination);
  }
}

/**
 * Links a file, or copies it to another file system. A hard link saves copying hundreds of megabytes per target.
 */
export async function linkOrCopy(source: string, destination: string): Promise<void> {
  await link(source, destination).catch(() => copyFile(source, destination));
}
