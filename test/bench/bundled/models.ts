import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A model of the comparison. */
export interface BenchModel {
  readonly name: string;
  readonly file: string;
  /** SHA-256 of the file: results are kept by it. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Reads `FILE` or `NAME=FILE`. Throws where the file is missing. */
export async function namedModel(argument: string): Promise<BenchModel> {
  const at = argument.indexOf('=');
  const file = path.resolve(argument.slice(at + 1));
  const { size } = await stat(file);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { name: at < 0 ? path.basename(file, '.gguf') : argument.slice(0, at), file, digest: hash.digest('hex'), sizeBytes: size };
}
