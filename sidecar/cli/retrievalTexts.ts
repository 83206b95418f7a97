import path from 'node:path';
import { filesInRandomOrder, generatedFiles, type TextSource } from '../workshop/retrieval/context.ts';
import { readTextFiles, type TextFile } from '../workshop/retrieval/textFiles.ts';
import type { Random } from '../workshop/train/random.ts';

/** Returns the texts of a folder, or generated texts without a folder. Rejects with `TroubleError`. */
export async function retrievalTexts(
  folder: string | undefined,
  generate: (random: Random) => TextFile,
): Promise<TextSource> {
  return folder === undefined
    ? generatedFiles(generate)
    : filesInRandomOrder(await readTextFiles(path.resolve(folder)));
}
