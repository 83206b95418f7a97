/**
 * The CUDA libraries, which are too large to be inside the extension. What is installed is only what this build names
 * by checksum: the packages of the npm registry, from there or out of an archive that `npm run package -- --cuda` made.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CUDA_FOLDER } from '../../common/home.ts';
import { parseJson } from '../../common/parseJson.ts';

/**
 * What `dist/cuda-addon.json` holds: made with the extension's package, so that its checksums come with the extension.
 */
export interface CudaCatalogue {
  readonly version: string;
  readonly packages: readonly CudaPackage[];
}
export interface CudaPackage {
  /** Name below `@node-llama-cpp/`. */
  readonly name: string;
  readonly file: string;
  readonly url: string;
  /** "sha512-…", as npm writes it. */
  readonly integrity: string;
  /** Set for libraries that serve only older CUDA runtimes: the newest major version that needs them. */
  readonly upToCuda?: number;
}

/** The catalogue beside the running script, or undefined in a build that has none. */
export async function cudaCatalogue(
  scriptFolder = path.dirname(fileURLToPath(import.meta.url)),
): Promise<CudaCatalogue | undefined> {
  const text = await readFile(path.join(scriptFolder, 'cuda-addon.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (parseJson(text) as CudaCatalogue);
}

/** Where an installed package is, whether or not it is there. */
export function cudaPackageFolder(homeFolder: string, catalogue: CudaCatalogue, name: string): string {
  return path.join(homeFolder, CUDA_FOLDER, catalogue.version, name);
}

/** Names of the packages that are installed. */
export function installedCudaPackages(homeFolder: string, catalogue: CudaCatalogue): readonly string[] {
  return catalogue.packages
    .map(({ name }) => name)
    .filter((name) => existsSync(cudaPackageFolder(homeFolder, catalogue, name)));
}
