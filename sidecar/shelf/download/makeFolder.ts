import { mkdir } from 'node:fs/promises';
import { writeFailure } from './errors.ts';

/** Creates a folder for this user alone if it does not exist. Throws `TroubleError` that names it. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw writeFailure(folder, error);
  });
}
