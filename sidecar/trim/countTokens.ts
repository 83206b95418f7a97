import { readFile } from 'node:fs/promises';
import { TroubleError } from '../engine/engine.ts';
import type { MakingOptions } from '../engine/making.ts';
import { openText } from '../models/llamaCpp/openText.ts';
import type { TrimTexts } from '../protocol/engine.ts';
import type { TokenCounts } from './chooseTokens.ts';

/** Text that is tokenised at once, so that a cancellation is heard soon. */
const PIECE_CHARACTERS = 1 << 18;

/** How often each group of texts uses each token. Throws `TroubleError`, also where a group has no text. */
export async function countTokens(modelPath: string, groups: readonly TrimTexts[], { onProgress, signal }: MakingOptions): Promise<readonly TokenCounts[]> {
  const { text: model, dispose } = await openText(modelPath, { device: 'cpu', threads: 1 });
  try {
    const counted: TokenCounts[] = [];
    const total = groups.reduce((sum, { files }) => sum + files.length, 0);
    let done = 0;
    for (const { name, importance, files } of groups) {
      const counts = new Float64Array(model.vocabulary.size);
      for (const file of files) {
        for (const piece of piecesOf(await readUtf8(file))) {
          signal?.throwIfAborted();
          for (const token of model.tokenize(piece, false)) counts[token]! += 1;
        }
        onProgress?.({ step: 'Counting tokens', share: ++done / total });
      }
      if (!counts.some((count) => count > 0)) throw new TroubleError('invalid-input', `The texts ${name} have no text: ${files.length} files, all of them empty.`);
      counted.push({ name, importance, counts });
    }
    return counted;
  } finally {
    await dispose();
  }
}

async function readUtf8(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    throw new TroubleError('invalid-input', `${file} can't be read as UTF-8 text: ${(error as Error).message}`, { cause: error });
  }
}

/** Pieces that end at the end of a line, where tokens end too. */
function* piecesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const lineEnd = text.indexOf('\n', start + PIECE_CHARACTERS);
    const end = lineEnd < 0 ? text.length : lineEnd + 1;
    yield text.slice(start, end);
    start = end;
  }
}
