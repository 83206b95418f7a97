import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { detectFim } from '../../completion/prompt/fim.ts';
import { readGgufHeader } from '../../models/gguf/header.ts';
import { openText } from '../../models/llamaCpp/openText.ts';
import type { ModelText } from '../../models/modelText.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { StreamOptions, Tokenizer } from './batchStream.ts';
import type { TrainOptions } from './options.ts';

export interface OpenedTokenizer extends Tokenizer {
  /** The special token with this text. Throws `TroubleError` if the vocabulary has none. */
  mark(text: string | undefined): TokenId | undefined;
  /** The format in which the model was trained to fill gaps. Throws `TroubleError` if it was not. */
  fimFormat(): Promise<NonNullable<StreamOptions['fimFormat']>>;
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
      fimFormat: () => formatOf(modelPath, text, end),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A mark of this kind ends a text, where the model's own end token ends only an answer in a chat. */
const END_MARK = /end|eot|eos/i;

async function formatOf(
  modelPath: string,
  text: ModelText,
  eos: TokenId,
): Promise<NonNullable<StreamOptions['fimFormat']>> {
  const { metadata } = await readGgufHeader(modelPath);
  const format = await detectFim(
    { tokenize: (given, options) => Promise.resolve(text.tokenize(given, options?.special ?? false)) },
    {
      name: text.name,
      architecture: String(metadata.get('general.architecture')),
      path: modelPath,
      metadata: Object.fromEntries(
        [...metadata].filter((entry): entry is [string, string | number] => !Array.isArray(entry[1])),
      ),
      special: text.special,
    },
  );
  if (!format)
    throw new TroubleError(
      'invalid-input',
      `${path.basename(modelPath)} was not trained to fill gaps with marks. Leave out --fim-marks, or name marks by --fim-suffix-mark and --fim-prefix-mark.`,
    );
  const ends = format.end
    .filter((mark) => END_MARK.test(mark))
    .flatMap((mark) => text.vocabulary.specialToken(mark) ?? []);
  return { format, end: ends.includes(eos) ? eos : (ends[0] ?? eos) };
}
