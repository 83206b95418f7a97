import { createHash } from 'node:crypto';
import path from 'node:path';

/** Files in an order that depends only on their paths and is independent of their folders. */
export function sampleOrder(files: readonly string[]): readonly string[] {
  const orderOf = (file: string): string =>
    createHash('sha256')
      .update(path.join(path.basename(path.dirname(file)), path.basename(file)))
      .digest('hex');
  return files
    .map((file) => ({ file, order: orderOf(file) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ file }) => file);
}
