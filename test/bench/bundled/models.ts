import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import { sizeOfParts } from '../../../sidecar/models/gguf/parts.ts';
import { allParts, splitPart } from '../../../sidecar/models/gguf/validate.ts';
import { bundledModelPath } from '../../../sidecar/shelf/defaultModel.ts';

/** A model of the comparison. */
export interface BenchModel {
  readonly name: string;
  readonly file: string;
  /** The file of its low-rank experts. Absent: it has none. */
  readonly experts?: string;
  /** The SHA-256 of its files, which identifies kept results. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Reads `FILE`, `NAME=FILE` or `NAME=FILE+EXPERTS`. Throws if a file is missing. */
export async function namedModel(argument: string): Promise<BenchModel> {
  const at = argument.indexOf('=');
  const [model = '', added] = argument.slice(at + 1).split(/\+(?=[^+]*\.gguf$)/);
  const file = path.resolve(model);
  const experts = added === undefined ? undefined : path.resolve(added);
  const sizeBytes = (await sizeOfParts(file)) + (experts === undefined ? 0 : await sizeOfParts(experts));
  const hash = createHash('sha256');
  for (const part of [...allParts(file), ...(experts === undefined ? [] : [experts])])
    await pipeline(createReadStream(part), hash, { end: false });
  return {
    name: at < 0 ? path.basename(splitPart(file)?.prefix ?? file, '.gguf') : argument.slice(0, at),
    file,
    ...(experts === undefined ? {} : { experts }),
    digest: hash.digest('hex'),
    sizeBytes,
  };
}

/**
 * Returns the models in a bench's arguments. Without arguments these are the seed and the bundled model. Throws if a
 * file is missing.
 */
export async function modelsAsked(args: readonly string[]): Promise<readonly BenchModel[]> {
  const files =
    args.length > 0 ? args : [await fetchModel(), await bundledModelPath()].filter((file) => file !== undefined);
  return Promise.all(files.map(namedModel));
}
