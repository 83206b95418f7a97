import { realpath } from 'node:fs/promises';
import { TroubleError } from '../../engine/engine.ts';

/** Throws `TroubleError` 'invalid-input' where a file to write is one of those that are read for it, by whatever path. */
export async function refuseOverwriting(inputPaths: readonly string[], outputPath: string): Promise<void> {
  const real = (file: string): Promise<string> => realpath(file).catch(() => file);
  const output = await real(outputPath);
  for (const input of inputPaths) {
    if ((await real(input)) === output) throw new TroubleError('invalid-input', `${outputPath} is one of the files that it is made of: choose another file.`);
  }
}
