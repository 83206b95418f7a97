import { readFile } from 'node:fs/promises';
import { TroubleError } from '../../common/troubleError.ts';
import type { MakingOptions } from '../making.ts';
import { openText } from '../../models/llamaCpp/openText.ts';
import type { TrimParams } from '../protocol.ts';
import { sampleOrder } from '../sampleOrder.ts';
import type { TokenCounts } from './chooseTokens.ts';

/** The text that is tokenised at once, short enough for a quick cancellation. */
const PIECE_CHARACTERS = 1 << 18;

/**
 * Counts how often each kind of text uses each token. If a kind has more text than `maxCharacters`, a sample of files
 * is counted. Throws `TroubleError`, also for a kind without text.
 */
export async function countTokens(
  modelPath: string,
  { texts, maxCharacters }: Pick<TrimParams, 'texts' | 'maxCharacters'>,
  { onProgress, signal }: MakingOptions,
): Promise<readonly TokenCounts[]> {
  const { text: model, dispose } = await openText(modelPath, { device: 'cpu', threads: 1 });
  try {
    const counted: TokenCounts[] = [];
    for (const [index, { name, importance, files }] of texts.entries()) {
      const counts = new Float64Array(model.vocabulary.size);
      let characters = 0;
      for (const file of sampleOrder(files)) {
        if (characters >= maxCharacters) break;
        for (const piece of piecesOf((await readUtf8(file)).slice(0, maxCharacters - characters))) {
          signal?.throwIfAborted();
          for (const token of model.tokenize(piece, false)) counts[token]! += 1;
          characters += piece.length;
        }
        onProgress?.({
          step: `Counting tokens of ${name}`,
          share: (index + Math.min(1, characters / maxCharacters)) / texts.length,
        });
      }
      if (!counts.some((count) => count > 0))
        throw new TroubleError('invalid-input', `The texts ${name} are empty (${files.length} files).`);
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
    throw new TroubleError('invalid-input', `${file} can't be read as UTF-8 text: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Pieces that end at a line end, where tokens end too. */
function* piecesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const lineEnd = text.indexOf('\n', start + PIECE_CHARACTERS);
    const end = lineEnd < 0 ? text.length : lineEnd + 1;
    yield text.slice(start, end);
    start = end;
  }
}
