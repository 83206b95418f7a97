import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseJson } from '../common/parseJson.ts';
import { ggufFile, isLanguageModelName, type GgufFile } from './ggufFiles.ts';

const MODEL_LAYER = 'application/vnd.ollama.image.model';
const MAX_MANIFEST_BYTES = 1024 * 1024;
const MAX_MANIFESTS = 500;
/** The depth of `manifests/<host>/<namespace>/<model>/<tag>`. */
const MANIFEST_DEPTH = 4;

interface Manifest {
  readonly layers?: readonly { readonly mediaType?: unknown; readonly digest?: unknown }[];
}

/**
 * Returns the models of an Ollama folder. Each manifest names the blob that is the GGUF file. Manifests that can't be
 * read are left out.
 */
export async function ollamaModels(root: string): Promise<readonly GgufFile[]> {
  const realRoot = await realpath(root).catch(() => undefined);
  if (realRoot === undefined) return [];
  const models: GgufFile[] = [];
  for (const { file, name } of await manifests(path.join(realRoot, 'manifests'))) {
    if (!isLanguageModelName(`${name}.gguf`)) continue;
    const digest = await modelDigest(file);
    const model = digest === undefined ? undefined : await ggufFile(path.join(realRoot, 'blobs', digest), realRoot);
    if (model !== undefined) models.push({ ...model, name });
  }
  return models.sort((a, b) => a.name.localeCompare(b.name));
}

async function manifests(folder: string): Promise<readonly { file: string; name: string }[]> {
  const found: { file: string; name: string }[] = [];
  let level = [folder];
  for (let depth = 1; depth <= MANIFEST_DEPTH; depth++) {
    const next: string[] = [];
    for (const parent of level) {
      for (const entry of await readdir(parent, { withFileTypes: true }).catch(() => [])) {
        const entryPath = path.join(parent, entry.name);
        if (entry.isDirectory()) next.push(entryPath);
        else if (entry.isFile() && depth === MANIFEST_DEPTH)
          found.push({ file: entryPath, name: `${path.basename(parent)}:${entry.name}` });
      }
    }
    level = next.slice(0, MAX_MANIFESTS);
  }
  return found.slice(0, MAX_MANIFESTS);
}

/**
 * Returns the file name of the model's blob ("sha256-…"), or undefined. Only a digest becomes a path, so no manifest
 * can lead out of the folder.
 */
async function modelDigest(file: string): Promise<string | undefined> {
  try {
    if ((await stat(file)).size > MAX_MANIFEST_BYTES) return undefined;
    const manifest = parseJson(await readFile(file, 'utf8')) as Manifest | null;
    const digest = manifest?.layers?.find((layer) => layer.mediaType === MODEL_LAYER)?.digest;
    return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest.replace(':', '-') : undefined;
  } catch {
    return undefined;
  }
}
