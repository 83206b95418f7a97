import { readTextBeginning } from '../../../common/textBeginning.ts';
import { TroubleError } from '../../../common/troubleError.ts';
import { openText } from '../../../models/llamaCpp/openText.ts';
import type { ModelText } from '../../../models/modelText.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import type { ExpertTexts } from '../../protocol.ts';
import { sampleOrder } from '../../sampleOrder.ts';

/** The tokens of each expert's texts, and the token that stands before each text. */
export interface ExpertTokens {
  readonly beginning: readonly TokenId[];
  /** By expert; the first one is expert 0. */
  readonly texts: readonly (readonly (readonly TokenId[])[])[];
}

export interface TokenLimits {
  /** The most tokens of all texts of an expert. */
  readonly maxTokens: number;
  /** The most tokens of a text: its beginning counts. */
  readonly maxTextTokens: number;
}

/**
 * Reads texts of each expert as tokens of a model. Of too many texts a sample is read. Files that are not UTF-8 are
 * left out. Throws `TroubleError` 'invalid-input' for a file that can't be read, and for an expert without tokens.
 */
export async function readExpertTokens(
  modelPath: string,
  experts: readonly ExpertTexts[],
  limits: TokenLimits,
  signal?: AbortSignal,
): Promise<ExpertTokens> {
  const { text: model, dispose } = await openText(modelPath, { device: 'cpu', threads: 1 });
  try {
    const { addBos, bos } = model.special;
    const texts: (readonly (readonly TokenId[])[])[] = [];
    for (const expert of experts) texts.push(await tokensOf(model, expert, limits, signal));
    return { beginning: addBos && bos !== undefined ? [bos] : [], texts };
  } finally {
    await dispose();
  }
}

async function tokensOf(
  model: ModelText,
  { name, files }: ExpertTexts,
  { maxTokens, maxTextTokens }: TokenLimits,
  signal: AbortSignal | undefined,
): Promise<readonly (readonly TokenId[])[]> {
  const texts: (readonly TokenId[])[] = [];
  let left = maxTokens;
  for (const file of sampleOrder(files)) {
    if (left === 0) break;
    signal?.throwIfAborted();
    const text = await textOf(file, maxTextTokens);
    const tokens = text === undefined ? [] : model.tokenize(text, false).slice(0, Math.min(left, maxTextTokens));
    if (tokens.length === 0) continue;
    texts.push(tokens);
    left -= tokens.length;
  }
  if (files.length > 0 && texts.length === 0)
    throw new TroubleError(
      'invalid-input',
      `The texts of ${name} have no tokens: all ${files.length} files are empty or not UTF-8.`,
    );
  return texts;
}

/** The beginning of a file's text. Absent: it is not UTF-8. */
async function textOf(file: string, tokens: number): Promise<string | undefined> {
  try {
    return await readTextBeginning(file, tokens);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw new TroubleError('invalid-input', `${file} can't be read: ${(error as Error).message}`, { cause: error });
  }
}
