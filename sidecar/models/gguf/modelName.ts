import path from 'node:path';
import type { GgufHeader } from './header.ts';
import { splitPart } from './validate.ts';

/** As a file calls its model, else the file's own name, without the number of a part. */
export function modelName({ metadata, path: file }: Pick<GgufHeader, 'metadata' | 'path'>): string {
  const name = metadata.get('general.name');
  return typeof name === 'string' && name !== '' ? name : path.basename(splitPart(file)?.prefix ?? file, '.gguf');
}
