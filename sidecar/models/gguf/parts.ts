import { stat } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { tensorBytes } from './tensorTypes.ts';
import { allParts, splitPart } from './validate.ts';
import type { GgufContent, GgufEntry, TensorSource } from './content.ts';

/** What is to be written to one file. */
export interface GgufPart {
  readonly filePath: string;
  readonly content: GgufContent;
}

/**
 * A model by the files that it is written to: one, or where the name is that of a first part
 * (`NAME-00001-of-00003.gguf`) as many as it says, with about as many bytes of tensors each, in order. The keys are
 * those of llama.cpp's `llama-gguf-split`; all other metadata are in the first part. Throws `TroubleError`
 * 'invalid-input' for the name of another part, or more parts than tensors.
 */
export function partsOf(filePath: string, content: GgufContent): readonly GgufPart[] {
  const split = splitPart(filePath);
  if (!split) return [{ filePath, content }];
  if (split.part !== 1)
    throw new TroubleError(
      'invalid-input',
      `${path.basename(filePath)} is part ${split.part} of ${split.parts}: name the first part, the others are written beside it.`,
    );
  if (split.parts > content.tensors.length)
    throw new TroubleError(
      'invalid-input',
      `${path.basename(filePath)} names ${split.parts} parts, and the model has ${content.tensors.length} tensors: name fewer.`,
    );
  return evenly(content.tensors, split.parts).map((tensors, index) => ({
    filePath: allParts(filePath)[index] as string,
    content: {
      tensors,
      metadata: new Map<string, GgufEntry>([
        ...(index === 0 ? content.metadata : []),
        ['split.no', { type: 'u16', value: index }],
        ['split.count', { type: 'u16', value: split.parts }],
        ['split.tensors.count', { type: 'i32', value: content.tensors.length }],
      ]),
    },
  }));
}

/** Bytes of all files of a model. Throws as `stat` does where one is missing. */
export async function sizeOfParts(filePath: string): Promise<number> {
  let totalBytes = 0;
  // One after the other: a name may claim 99,999 parts, and the first that is missing ends it.
  for (const part of allParts(filePath)) totalBytes += (await stat(part)).size;
  return totalBytes;
}

/** Tensors go to the part in which their middle lies; none is left empty. */
function evenly(tensors: readonly TensorSource[], parts: number): readonly (readonly TensorSource[])[] {
  const sizes = tensors.map(({ type, shape }) => tensorBytes(type, shape));
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  const ends = [0];
  let passed = 0;
  for (const [index, size] of sizes.entries()) {
    const part = ends.length;
    const isFull = passed + size / 2 >= (totalBytes * part) / parts;
    const isNeeded = tensors.length - index <= parts - part;
    if (part < parts && index > (ends[part - 1] as number) && (isFull || isNeeded)) ends.push(index);
    passed += size;
  }
  return ends.map((start, part) => tensors.slice(start, ends[part + 1]));
}
