/** Notes beside the file of a step: of which recipe it is, and which one was begun. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { sizeOfParts } from '../../sidecar/models/gguf/parts.ts';

/**
 * Notes that a step is carried out by the recipe of this digest; false where it is done. What another recipe left is forgotten first: whatever ends that, it is
 * done again.
 */
export async function beginStep(output: string, digest: string, forget: () => Promise<void>): Promise<boolean> {
  const [done, begun] = await Promise.all([read(doneNote(output)), read(begunNote(output))]);
  const isThere = await sizeOfParts(output).then(() => true, () => false);
  if (done === digest && isThere) return false;
  if ((begun ?? done ?? digest) !== digest) await forget();
  await rm(doneNote(output), { force: true });
  await writeFile(begunNote(output), digest);
  return true;
}

/** Notes that a step is done. */
export async function endStep(output: string, digest: string): Promise<void> {
  await writeFile(doneNote(output), digest);
}

const doneNote = (output: string): string => `${output}.recipe`;
const begunNote = (output: string): string => `${output}.begun`;
const read = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);
