import { mkdir } from 'node:fs/promises';
import { writeFailure } from './errors.ts';

/** Makes a folder, of this user's alone, where there is none. Throws `TroubleError` that names it. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw writeFailure(folder, error);
  });
}
