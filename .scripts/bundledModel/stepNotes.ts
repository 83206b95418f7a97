/** Notes beside the file of a step: of which recipe it is, and which one was begun. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';

/** What is left to do of a step: nothing, to go on with what was begun by this recipe, or to begin anew, since what is there is of another. */
export type Rest = 'nothing' | 'go on' | 'begin anew';

/** Notes that a step is carried out by the recipe of this digest, and says what is left of it. */
export async function beginStep(output: string, digest: string): Promise<Rest> {
  const [done, begun] = await Promise.all([read(doneNote(output)), read(begunNote(output))]);
  if (done === digest && (await stat(output).catch(() => undefined))) return 'nothing';
  const last = begun ?? done;
  await rm(doneNote(output), { force: true });
  await writeFile(begunNote(output), digest);
  return last === undefined || last === digest ? 'go on' : 'begin anew';
}

/** Notes that a step is done. */
export async function endStep(output: string, digest: string): Promise<void> {
  await writeFile(doneNote(output), digest);
}

const doneNote = (output: string): string => `${output}.recipe`;
const begunNote = (output: string): string => `${output}.begun`;
const read = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);
