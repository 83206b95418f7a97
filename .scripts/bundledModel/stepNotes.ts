/** Reads and writes the note beside a step's file, which holds the digest of its recipe. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { sizeOfParts } from '../../sidecar/models/gguf/parts.ts';

/** Returns whether a step has to run for the recipe with this digest. Its file counts as unfinished until `endStep`. */
export async function beginStep(output: string, digest: string): Promise<boolean> {
  const done = await readFile(doneNote(output), 'utf8').catch(() => undefined);
  const isThere = await sizeOfParts(output).then(
    () => true,
    () => false,
  );
  if (done === digest && isThere) return false;
  await rm(doneNote(output), { force: true });
  return true;
}

/** Stores that a step is done. */
export async function endStep(output: string, digest: string): Promise<void> {
  await writeFile(doneNote(output), digest);
}

const doneNote = (output: string): string => `${output}.recipe`;
