import { open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { sizeOfParts } from '../models/gguf/parts.ts';
import { splitPart } from '../models/gguf/validate.ts';
import { findFiles } from '../common/findFiles.ts';

/** A GGUF language model on disk. A model in several parts is its first part, with the size of all parts. */
export interface GgufFile {
  readonly path: string;
  readonly realPath: string;
  readonly name: string;
  readonly sizeBytes: number;
}

/**
 * Vision projectors, adapters, importance matrices, and models for embedding or reranking: none of them writes text.
 */
const NO_LANGUAGE_MODEL =
  /mmproj|imatrix|(^|[-_. ])lora([-_. ]|$)|embed|rerank|(^|[-_./ ])(bge|e5|gte|minilm|arctic-embed)[-_. ]/i;

/** Returns the language models below `root`, with the limits of `findFiles`. */
export async function findGgufFiles(
  root: string,
  options: { readonly maxDepth: number },
): Promise<readonly GgufFile[]> {
  const files = await findFiles(root, {
    ...options,
    look: async (file, realRoot) => (isLanguageModelName(path.basename(file)) ? ggufFile(file, realRoot) : undefined),
  });
  return files.sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * Returns the model at `file`. Undefined if it is not a readable GGUF file, lacks parts, or lies outside `realRoot`
 * behind a link.
 */
export async function ggufFile(file: string, realRoot?: string): Promise<GgufFile | undefined> {
  try {
    const realPath = await realpath(file);
    if (realRoot !== undefined && !realPath.startsWith(realRoot + path.sep)) return undefined;
    if (!(await hasGgufMagic(realPath))) return undefined;
    const part = splitPart(file);
    return {
      path: file,
      realPath,
      name: part ? path.basename(part.prefix) : path.basename(file, path.extname(file)),
      sizeBytes: await sizeOfParts(file),
    };
  } catch {
    return undefined;
  }
}

/** Returns whether a file name is that of a GGUF language model. Of several parts only the first counts. */
export function isLanguageModelName(name: string): boolean {
  if (!/\.gguf$/i.test(name) || NO_LANGUAGE_MODEL.test(name)) return false;
  const split = splitPart(name);
  return split === undefined || split.part === 1;
}

async function hasGgufMagic(file: string): Promise<boolean> {
  // Opening a pipe or a device would block, so only a regular file is opened.
  if (!(await stat(file)).isFile()) return false;
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString('latin1') === 'GGUF';
  } finally {
    await handle.close();
  }
}
