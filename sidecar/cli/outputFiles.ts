/** Output files of commands. */
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from './exitCodes.ts';

/** Refuses a file that cannot be written before long work begins. Rejects with `UsageError`. */
export async function assertWritable(file: string): Promise<void> {
  const status = await stat(file).catch(() => undefined);
  if (status?.isDirectory()) throw new UsageError(`${file} can't be written: it is a folder. Name a file in it.`);
  await access(path.dirname(path.resolve(file)), constants.W_OK).catch((error: unknown) => {
    throw new UsageError(`${file} can't be written: ${(error as Error).message}`, { cause: error });
  });
}
