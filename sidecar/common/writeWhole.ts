import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * Writes a file for this user alone by a rename: readers see the old content or the whole new content. `flush` puts the
 * content on disk before the rename. Rejects as `writeFile` and `rename` do, and then leaves no temporary file.
 *
 * This is not `write-file-atomic`, which opens its temporary file without `O_EXCL` under a predictable name and follows
 * a link at `file`. Its temporary names also lack the ending ".tmp", by which files that a crash left are removed.
 */
export async function writeWhole(file: string, data: string | Uint8Array, { flush = false } = {}): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, data, { mode: 0o600, flag: 'wx', flush });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
