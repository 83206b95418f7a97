import path from 'node:path';
import type { GgufHeader } from './header.ts';
import { splitPart } from './validate.ts';

/** The model's name from the metadata, or else the file name without a part number. */
export function modelName({ metadata, path: file }: Pick<GgufHeader, 'metadata' | 'path'>): string {
  const name = metadata.get('general.name');
  return typeof name === 'string' && name !== '' ? name : path.basename(splitPart(file)?.prefix ?? file, '.gguf');
}
