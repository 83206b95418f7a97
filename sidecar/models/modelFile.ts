import { access } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../common/troubleError.ts';
import { readGgufHeader, type GgufHeader } from './gguf/header.ts';
import { TokenTexts } from './gguf/tokenTexts.ts';
import { allParts, splitPart, validateModel, validateTokenizer, type ModelShape } from './gguf/validate.ts';

/** A model's files, checked before anything native reads them. */
export interface ModelFile {
  readonly path: string;
  /** Of the first part. */
  readonly header: GgufHeader;
  /** Its sizes are those of all parts. */
  readonly shape: ModelShape;
}

/** A file of which the tokenizer alone is used. */
export interface TokenizerFile extends Pick<ModelFile, 'path' | 'header'> {
  readonly shape: Pick<ModelShape, 'architecture'>;
}

/**
 * Checks what a file says about its tokenizer; it needs no weights, as llama.cpp's vocabulary files have none. Throws
 * `TroubleError`.
 */
export async function inspectTokenizerFile(modelPath: string): Promise<TokenizerFile> {
  const header = await readModelHeader(modelPath);
  return { path: modelPath, header, shape: validateTokenizer(header) };
}

/** Checks a file, and all its parts if it is split. Throws `TroubleError` that names what is wrong. */
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
  return { path: modelPath, header, shape };
}

/**
 * A header with a vocabulary that libllama takes: each token stands there once, and only tokenizers with byte tokens
 * have them.
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

/** Share of a token's cost at depth 0 that one token of depth adds: attention's products against the weights'. */
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
