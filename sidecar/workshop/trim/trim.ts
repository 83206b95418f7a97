import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import type { MakingOptions } from '../making.ts';
import { copiedMetadata, type TensorSource } from '../../models/gguf/content.ts';
import { readGgufHeader, type GgufHeader } from '../../models/gguf/header.ts';
import { locateTensors, type LocatedTensor } from '../../models/gguf/locate.ts';
import { refuseOverwriting } from '../../models/gguf/overwriting.ts';
import { sizeOfParts } from '../../models/gguf/parts.ts';
import { chunksOf, fileRows, type Rows } from '../../models/gguf/rows.ts';
import { tensorBytes } from '../../models/gguf/tensorTypes.ts';
import { allParts } from '../../models/gguf/validate.ts';
import { writeGguf } from '../../models/gguf/writer.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { TrimParams, TrimResult } from '../protocol.ts';
import { readBpeVocabulary, type BpeVocabulary } from './bpeVocabulary.ts';
import { chooseTokens } from './chooseTokens.ts';
import { countTokens } from './countTokens.ts';
import { areSame, chosenRows, moreExact, readableType } from './tokenRows.ts';
import { trimmedMetadata } from './trimmedMetadata.ts';

const EMBEDDING = 'token_embd.weight';
const OUTPUT = 'output.weight';
/** Texts of the fill-in-the-middle marks. Models that support it have a mark of each kind. */
const FILL_IN_MARKS: readonly (readonly string[])[] = [
  ['<|fim_prefix|>', '<fim_prefix>', '<fim-prefix>', '<|fim▁begin|>', '<PRE>', '▁<PRE>', '[PREFIX]'],
  ['<|fim_suffix|>', '<fim_suffix>', '<fim-suffix>', '<|fim▁hole|>', '<SUF>', '▁<SUF>', '[SUFFIX]'],
  ['<|fim_middle|>', '<fim_middle>', '<fim-middle>', '<|fim▁end|>', '<MID>', '▁<MID>', '[MIDDLE]'],
];

/**
 * Writes a model with fewer tokens: all bytes, all special tokens, and the tokens that the given texts use most.
 *
 * Rows of the embedding keep their bytes. If the output matrix holds the same values, the result has a single matrix
 * for both, the more precise one. Throws `TroubleError` and leaves nothing at `outputPath`.
 */
export async function trim(params: TrimParams, options: MakingOptions = {}): Promise<TrimResult> {
  const { modelPath, outputPath, size } = params;
  const headers: GgufHeader[] = [];
  for (const part of allParts(modelPath)) headers.push(await readGgufHeader(part));
  await refuseOverwriting(
    headers.map((header) => header.path),
    outputPath,
  );
  const vocabulary = await readBpeVocabulary(modelPath);
  if (!params.withoutFillIn) requireFillInMarks(vocabulary, modelPath);
  const groups = await countTokens(modelPath, params, options);
  const { kept, moreShares } = chooseTokens(vocabulary, groups, size);
  const tied = await writeTrimmed(headers, { outputPath, vocabulary, kept }, options);
  return {
    outputPath,
    tokensBefore: vocabulary.tokens.length,
    tokensAfter: kept.length,
    bytesBefore: headers.reduce((sum, { fileSizeBytes }) => sum + fileSizeBytes, 0),
    bytesAfter: await sizeOfParts(outputPath),
    tied,
    groups: groups.map(({ name, importance, counts }, index) => ({
      name,
      importance,
      tokens: counts.reduce((sum, count) => sum + count, 0),
      moreShare: moreShares[index]!,
    })),
  };
}

function requireFillInMarks({ tokens }: BpeVocabulary, modelPath: string): void {
  const all = new Set(tokens);
  const missing = FILL_IN_MARKS.filter((texts) => !texts.some((text) => all.has(text)));
  if (missing.length === 0) return;
  throw new TroubleError(
    'invalid-input',
    `The vocabulary of ${path.basename(modelPath)} has no fill-in token such as ${missing.map(([first]) => first).join(', ')}: completions could not use the code after the cursor. Use --without-fill-in to trim it anyway.`,
  );
}

/** Returns whether embedding and output became a single matrix. */
async function writeTrimmed(
  headers: readonly GgufHeader[],
  {
    outputPath,
    vocabulary,
    kept,
  }: { readonly outputPath: string; readonly vocabulary: BpeVocabulary; readonly kept: readonly TokenId[] },
  { onProgress, signal }: MakingOptions,
): Promise<boolean> {
  const located = locateTensors(headers);
  const files = new Map<string, FileHandle>();
  try {
    for (const header of headers) files.set(header.path, await open(header.path, 'r'));
    const rowsOf = (tensor: LocatedTensor): Rows =>
      fileRows(files.get(tensor.header.path)!, { ...tensor, type: readableType(tensor.name, tensor.type) });
    const { perToken, tied } = await perTokenRows(located, vocabulary.tokens.length, rowsOf);
    const tensors = [...located.values()]
      .filter(({ name }) => !tied || name !== OUTPUT)
      .map((tensor): TensorSource => {
        const rows = perToken.get(tensor.name);
        if (!rows)
          return { name: tensor.name, shape: tensor.shape, type: tensor.type, chunks: () => chunksOf(rowsOf(tensor)) };
        return {
          name: tensor.name,
          shape: [rows.columns, kept.length],
          type: rows.type,
          chunks: () => chunksOf(chosenRows(rows, kept)),
        };
      });
    const totalBytes = tensors.reduce((sum, { type, shape }) => sum + tensorBytes(type, shape), 0);
    let writtenBytes = 0;
    const metadata = trimmedMetadata(vocabulary, await copiedMetadata(headers[0]!), kept);
    await writeGguf(
      outputPath,
      { metadata, tensors },
      { signal, onBytes: (bytes) => onProgress?.({ step: 'Writing', share: (writtenBytes += bytes) / totalBytes }) },
    );
    return tied;
  } finally {
    for (const file of files.values()) await file.close();
  }
}

/**
 * The matrices with a row per token, and whether a single matrix serves as both. Throws `TroubleError` if another
 * tensor has as many rows.
 */
async function perTokenRows(
  located: ReadonlyMap<string, LocatedTensor>,
  tokenCount: number,
  rowsOf: (tensor: LocatedTensor) => Rows,
): Promise<{ readonly perToken: ReadonlyMap<string, Rows>; readonly tied: boolean }> {
  const [embedding, output] = [located.get(EMBEDDING), located.get(OUTPUT)];
  if (!embedding) throw new TroubleError('invalid-model', `The model has no tensor ${EMBEDDING}: it can't be trimmed.`);
  for (const { name, shape } of [embedding, ...(output ? [output] : [])]) {
    if (shape[1] !== tokenCount)
      throw new TroubleError('invalid-model', `The tensor ${name} has ${shape[1]} rows for ${tokenCount} tokens.`);
  }
  const other = [...located.values()].find(
    ({ name, shape }) => name !== EMBEDDING && name !== OUTPUT && shape.includes(tokenCount),
  );
  if (other)
    throw new TroubleError(
      'unsupported-model',
      `The tensor ${other.name} ${JSON.stringify(other.shape)} may have a row for each of the ${tokenCount} tokens, and Chorus does not know how to trim it.`,
    );
  const embeddingRows = rowsOf(embedding);
  if (!output) return { perToken: new Map([[EMBEDDING, embeddingRows]]), tied: true };
  const outputRows = rowsOf(output);
  if (await areSame(embeddingRows, outputRows))
    return { perToken: new Map([[EMBEDDING, moreExact(embeddingRows, outputRows)]]), tied: true };
  return {
    perToken: new Map([
      [EMBEDDING, embeddingRows],
      [OUTPUT, outputRows],
    ]),
    tied: false,
  };
}
