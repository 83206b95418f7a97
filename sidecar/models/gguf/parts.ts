import { stat } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { tensorBytes } from './tensorTypes.ts';
import { allParts, splitPart } from './validate.ts';
import type { GgufContent, GgufEntry, TensorSource } from './content.ts';

/** The path and contents of a file to write. */
export interface GgufPart {
  readonly filePath: string;
  readonly content: GgufContent;
}

/**
 * Divides a model among the files to write: a single file, or several if the name is that of a first part
 * (`NAME-00001-of-00003.gguf`). Each part gets about the same number of tensor bytes, in order.
 *
 * The keys are those of llama.cpp's `llama-gguf-split`; all other metadata are in the first part. Throws `TroubleError`
 * 'invalid-input' for the name of a later part, or for more parts than tensors.
 */
export function partsOf(filePath: string, content: GgufContent): readonly GgufPart[] {
  const split = splitPart(filePath);
  if (!split) return [{ filePath, content }];
  if (split.part !== 1)
    throw new TroubleError(
      'invalid-input',
      `${path.basename(filePath)} is part ${split.part} of ${split.parts}: name the first part. The others are written beside it.`,
    );
  if (split.parts > content.tensors.length)
    throw new TroubleError(
      'invalid-input',
      `${path.basename(filePath)} names ${split.parts} parts, but the model has only ${content.tensors.length} tensors. Name fewer parts.`,
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

/** The total size of a model's files in bytes. Throws as `stat` does if a file is missing. */
export async function sizeOfParts(filePath: string): Promise<number> {
  let totalBytes = 0;
  // Sequential, so that the first missing part stops the loop: a name may claim 99,999 parts.
  for (const part of allParts(filePath)) totalBytes += (await stat(part)).size;
  return totalBytes;
}

/** Each tensor goes to the part that contains its middle. No part is empty. */
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
