import { access } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../common/troubleError.ts';
import { readGgufHeader, type GgufHeader } from './gguf/header.ts';
import { TokenTexts } from './gguf/tokenTexts.ts';
import { allParts, splitPart, validateModel, validateTokenizer, type ModelShape } from './gguf/validate.ts';

/** The files of a model, checked before native code reads them. */
export interface ModelFile {
  readonly path: string;
  /** The header of the first part. */
  readonly header: GgufHeader;
  /** The headers of all parts. */
  readonly headers: readonly GgufHeader[];
  /** Its sizes include all parts. */
  readonly shape: ModelShape;
}

/** A file that is used only for its tokenizer. */
export interface TokenizerFile extends Pick<ModelFile, 'path' | 'header'> {
  readonly shape: Pick<ModelShape, 'architecture'>;
}

/**
 * Checks a file's tokenizer. The file needs no weights; llama.cpp's vocabulary files have none. Throws `TroubleError`.
 */
export async function inspectTokenizerFile(modelPath: string): Promise<TokenizerFile> {
  const header = await readModelHeader(modelPath);
  return { path: modelPath, header, shape: validateTokenizer(header) };
}

/** Checks a file, and all its parts if it is split. Throws a `TroubleError` that describes the problem. */
export async function inspectModelFile(modelPath: string): Promise<ModelFile> {
  const split = splitPart(modelPath);
  if (split && split.part !== 1)
    throw new TroubleError(
      'invalid-model',
      `${path.basename(modelPath)} is part ${split.part} of ${split.parts}: choose the first part.`,
    );
  const header = await readModelHeader(modelPath);
  const others: GgufHeader[] = [];
  for (const part of allParts(modelPath).slice(1)) {
    await access(part).catch((error: unknown) => {
      throw new TroubleError('model-not-found', `A part of the model is missing: ${part}.`, { cause: error });
    });
    others.push(await readGgufHeader(part));
  }
  const shape = validateModel(header, others);
  return { path: modelPath, header, headers: [header, ...others], shape };
}

/**
 * Reads a header and checks that libllama accepts its vocabulary. No token may occur twice, and only tokenizers with
 * byte tokens may have them.
 */
async function readModelHeader(modelPath: string): Promise<GgufHeader> {
  const vocabulary = new TokenTexts();
  const header = await readGgufHeader(modelPath, { visitedKeys: TokenTexts.keys, visitArray: vocabulary.visit });
  const { repeated, byte } = vocabulary;
  const damaged = `${path.basename(modelPath)} is damaged or not a language model`;
  if (repeated)
    throw new TroubleError(
      'invalid-model',
      `${damaged}: tokens ${repeated.first} and ${repeated.second} of its vocabulary are the same, ${JSON.stringify(repeated.text)}.`,
    );
  if (byte !== undefined && header.metadata.get('tokenizer.ggml.model') === 'bert')
    throw new TroubleError(
      'invalid-model',
      `${damaged}: token ${byte} of its vocabulary stands for a byte, which a tokenizer of kind "bert" does not have.`,
    );
  return header;
}

/**
 * How much a token of depth adds to a token's cost, as a share of the cost at depth 0: attention products against
 * weights.
 */
export function attentionCostSlope(shape: ModelShape): number {
  const attention = 4 * shape.queryElementsPerToken;
  const weights = 2 * Math.max(1, shape.parameterCount);
  return (1.5 * attention) / weights;
}

/** The scalars of a header that prompts depend on. */
export function promptMetadata(header: GgufHeader): Record<string, string | number | boolean> {
  const kept: Record<string, string | number | boolean> = {};
  for (const [key, value] of header.metadata) {
    const isPromptKey =
      key.startsWith('general.') ||
      (key.startsWith('tokenizer.ggml.') && typeof value !== 'string') ||
      key === 'tokenizer.ggml.pre' ||
      key === 'tokenizer.ggml.model';
    if (isPromptKey && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'))
      kept[key] = value;
  }
  return kept;
}
