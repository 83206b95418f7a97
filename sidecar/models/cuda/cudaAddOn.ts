/**
 * The CUDA libraries, which are too large for the extension's package.
 *
 * Only packages whose checksums are part of this build are installed. They come from the npm registry, or from an
 * archive that `npm run package -- --cuda` made.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CUDA_FOLDER } from '../../common/home.ts';
import { parseJson } from '../../common/parseJson.ts';

/**
 * The contents of `dist/cuda-addon.json`. It is made with the extension's package, so its checksums come with the
 * extension.
 */
export interface CudaCatalogue {
  readonly version: string;
  readonly packages: readonly CudaPackage[];
}
export interface CudaPackage {
  /** The name after `@node-llama-cpp/`. */
  readonly name: string;
  readonly file: string;
  readonly url: string;
  /** "sha512-…", in npm's format. */
  readonly integrity: string;
  /** The newest major version of CUDA that needs these libraries. Absent if all versions do. */
  readonly upToCuda?: number;
}

/** Reads the catalogue beside the running script. Resolves with `undefined` if the build has none. */
export async function cudaCatalogue(
  scriptFolder = path.dirname(fileURLToPath(import.meta.url)),
): Promise<CudaCatalogue | undefined> {
  const text = await readFile(path.join(scriptFolder, 'cuda-addon.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (parseJson(text) as CudaCatalogue);
}

/** The folder for an installed package, even if it does not exist. */
export function cudaPackageFolder(homeFolder: string, catalogue: CudaCatalogue, name: string): string {
  return path.join(homeFolder, CUDA_FOLDER, catalogue.version, name);
}

/** The names of the installed packages. */
export function installedCudaPackages(homeFolder: string, catalogue: CudaCatalogue): readonly string[] {
  return catalogue.packages
    .map(({ name }) => name)
    .filter((name) => existsSync(cudaPackageFolder(homeFolder, catalogue, name)));
}
