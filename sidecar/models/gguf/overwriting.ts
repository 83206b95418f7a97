import { realpath } from 'node:fs/promises';
import { TroubleError } from '../../common/troubleError.ts';
import { allParts } from './validate.ts';

/** Throws `TroubleError` 'invalid-input' if an output file, or a part of it, is also an input file, under any path. */
export async function refuseOverwriting(inputPaths: readonly string[], outputPath: string): Promise<void> {
  const real = (file: string): Promise<string> => realpath(file).catch(() => file);
  const outputs = await Promise.all(allParts(outputPath).map(real));
  for (const input of inputPaths) {
    if (outputs.includes(await real(input)))
      throw new TroubleError('invalid-input', `${outputPath} is also an input file. Choose another output file.`);
  }
}
