import { statfs } from 'node:fs/promises';
import { TroubleError } from '../../common/troubleError.ts';
import { formatBytes } from '../../models/gguf/header.ts';
import { writeFailure } from './errors.ts';

/** Space that stays free for other programs. */
const RESERVE_BYTES = 512e6;

/**
 * Returns the bytes that this user may still write to a folder's file system. Throws `TroubleError` if the system can't
 * tell.
 */
async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder).catch((error: unknown) => {
    throw writeFailure(folder, error);
  });
  return bavail * bsize;
}

/** Throws `TroubleError` 'disk-full' with the numbers if `neededBytes` would fill the disk. */
export async function requireSpace(
  folder: string,
  neededBytes: number,
  name: string,
  reserveBytes = RESERVE_BYTES,
): Promise<void> {
  const free = await freeBytes(folder);
  if (neededBytes + reserveBytes <= free) return;
  throw new TroubleError(
    'disk-full',
    `${name} needs ${formatBytes(neededBytes)} more on the disk of ${folder}, and ${formatBytes(free)} are free, of which ${formatBytes(reserveBytes)} are left to others. Free some space, or keep models in another folder (chorus.downloads.folder).`,
  );
}
