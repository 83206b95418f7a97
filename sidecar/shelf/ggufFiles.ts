import { open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { sizeOfParts } from '../models/gguf/parts.ts';
import { splitPart } from '../models/gguf/validate.ts';
import { findFiles } from '../common/findFiles.ts';

/** A GGUF language model on disk; of one in several parts the first part, with the size of all. */
export interface GgufFile {
  readonly path: string;
  readonly realPath: string;
  readonly name: string;
  readonly sizeBytes: number;
}

/** Vision projectors, adapters, importance matrices, embedding and reranking models: none of them writes text. */
const NO_LANGUAGE_MODEL =
  /mmproj|imatrix|(^|[-_. ])lora([-_. ]|$)|embed|rerank|(^|[-_./ ])(bge|e5|gte|minilm|arctic-embed)[-_. ]/i;

/** The language models below `root`, as `findFiles` finds files. */
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
 * The model at `file`, or undefined where it is not a readable GGUF file, lies (through a link) outside `realRoot`, or
 * lacks parts.
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

/** Whether a file name is that of a GGUF language model: of several parts only the first counts. */
export function isLanguageModelName(name: string): boolean {
  if (!/\.gguf$/i.test(name) || NO_LANGUAGE_MODEL.test(name)) return false;
  const split = splitPart(name);
  return split === undefined || split.part === 1;
}

async function hasGgufMagic(file: string): Promise<boolean> {
  // A pipe or a device under such a name would block: only a regular file is opened.
  if (!(await stat(file)).isFile()) return false;
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString('latin1') === 'GGUF';
  } finally {
    await handle.close();
  }
}
