import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { openText } from '../../models/llamaCpp/openText.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { Tokenizer } from './batchStream.ts';
import type { TrainOptions } from './options.ts';

export interface OpenedTokenizer extends Tokenizer {
  /** The special token with this text. Throws `TroubleError` if the vocabulary has none. */
  mark(text: string | undefined): TokenId | undefined;
  dispose(): Promise<void>;
}

/** Opens the tokenizer of a model file, without its weights. Throws `TroubleError`. */
export async function openTokenizer(
  { modelPath, scratch, device, threads }: Pick<TrainOptions, 'modelPath' | 'scratch' | 'device' | 'threads'>,
  log: (line: string) => void = () => undefined,
): Promise<OpenedTokenizer> {
  const { text, dispose } = await openText(modelPath, { device, threads, isTokenizer: scratch !== undefined, log });
  try {
    const { bos, eos, eot, addBos } = text.special;
    const end = eos ?? eot;
    if (end === undefined)
      throw new TroubleError(
        'unsupported-model',
        `${path.basename(modelPath)} has no end-of-text token, which training needs between texts.`,
      );
    return {
      tokenize: (content) => text.tokenize(content, false),
      tokenBytes: (token) => text.vocabulary.tokenBytes(token).length,
      bos: addBos ? bos : undefined,
      eos: end,
      mark: (mark) => {
        if (mark === undefined) return undefined;
        const token = text.vocabulary.specialToken(mark);
        if (token === undefined)
          throw new TroubleError(
            'invalid-input',
            `The vocabulary of ${path.basename(modelPath)} has no special token ${mark}.`,
          );
        return token;
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
