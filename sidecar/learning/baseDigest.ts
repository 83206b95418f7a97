import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fingerprint } from '../models/gguf/fingerprint.ts';
import { readGgufHeader } from '../models/gguf/header.ts';
import { allParts } from '../models/gguf/validate.ts';

/** Identifies a model by its contents. Each version of the extension brings its own copy of the bundled model. */
export async function modelDigest(modelPath: string): Promise<string> {
  return fingerprint(await Promise.all(allParts(modelPath).map((part) => readGgufHeader(part))), {
    ignoresTimes: true,
  });
}

/** Identifies the model's own experts by their contents. */
export async function expertsDigest(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}
