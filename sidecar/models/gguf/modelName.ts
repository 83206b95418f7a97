import path from 'node:path';
import type { GgufHeader } from './header.ts';

/** As a file calls its model, else the file's own name. */
export function modelName({ metadata, path: file }: Pick<GgufHeader, 'metadata' | 'path'>): string {
  const name = metadata.get('general.name');
  return typeof name === 'string' && name !== '' ? name : path.basename(file, '.gguf');
}
