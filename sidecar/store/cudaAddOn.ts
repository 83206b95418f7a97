/**
 * The CUDA libraries, which are too large to be inside the extension. What is installed is only what this build names by checksum: the
 * packages of the npm registry, from there or out of an archive that `npm run package -- --cuda` made.
 */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { CUDA_FOLDER } from '../client/home.ts';

/** What `dist/cuda-addon.json` holds: made with the extension's package, so that its checksums come with the extension. */
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

export interface InstallOptions {
  readonly catalogue: CudaCatalogue;
  readonly homeFolder: string;
  /** Major version of the runtime found; decides which packages are needed. */
  readonly cudaVersion: number;
  /** An archive on this machine; absent: the packages are downloaded. */
  readonly archive?: string;
  readonly onProgress?: (label: string, share: number) => void;
  readonly signal?: AbortSignal;
}

/** The add-on can't be installed: what was wrong with it. Nothing of it is kept. */
export class CudaAddOnError extends Error {
  override readonly name = 'CudaAddOnError';
}

/** The catalogue beside the running script, or undefined in a build that has none. */
export async function cudaCatalogue(scriptFolder = path.dirname(fileURLToPath(import.meta.url))): Promise<CudaCatalogue | undefined> {
  const text = await readFile(path.join(scriptFolder, 'cuda-addon.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as CudaCatalogue);
}

/** Where an installed package is, whether or not it is there. */
export function cudaPackageFolder(homeFolder: string, catalogue: CudaCatalogue, name: string): string {
  return path.join(homeFolder, CUDA_FOLDER, catalogue.version, name);
}

/** Names of the packages that are installed. */
export function installedCudaPackages(homeFolder: string, catalogue: CudaCatalogue): readonly string[] {
  return catalogue.packages.map(({ name }) => name).filter((name) => existsSync(cudaPackageFolder(homeFolder, catalogue, name)));
}

/** Installs what is missing for `cudaVersion`, each package whole or not at all. Throws `CudaAddOnError`. */
export async function installCudaAddOn(options: InstallOptions): Promise<void> {
  const { catalogue, homeFolder, cudaVersion } = options;
  const needed = catalogue.packages.filter(({ upToCuda }) => upToCuda === undefined || cudaVersion <= upToCuda);
  const parent = path.join(homeFolder, CUDA_FOLDER, catalogue.version);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const work = await mkdtemp(path.join(parent, 'install-'));
  try {
    const held = options.archive === undefined ? [] : await membersOf(options.archive);
    for (const [index, cudaPackage] of needed.entries()) {
      const target = cudaPackageFolder(homeFolder, catalogue, cudaPackage.name);
      if (existsSync(target)) continue;
      const file = path.join(work, cudaPackage.file);
      if (options.archive === undefined) await download(cudaPackage, file, options);
      else if (held.includes(cudaPackage.file)) await unpack(options.archive, work, [cudaPackage.file]);
      await checkIntegrity(cudaPackage, file);
      // A folder of its own: what else the archive held must not mix with what was checked.
      const unpacked = path.join(work, String(index));
      await mkdir(unpacked);
      await unpack(file, unpacked);
      await rename(path.join(unpacked, 'package'), target);
    }
    await removeOtherVersions(path.join(homeFolder, CUDA_FOLDER), catalogue.version);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download({ name, url }: CudaPackage, file: string, { onProgress, signal }: InstallOptions): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (cause) {
    throw new CudaAddOnError(`${url} can't be reached. Install from an archive where there is no network.`, { cause });
  }
  if (!response.ok || !response.body) throw new CudaAddOnError(`${url} answers with HTTP status ${response.status}, expected 200`);
  const total = Number(response.headers.get('content-length') ?? 0);
  let received = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      if (total > 0) onProgress?.(`Downloading ${name}`, received / total);
      done(undefined, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body as ReadableStream), count, createWriteStream(file), { signal });
}

async function checkIntegrity({ name, file: fileName, integrity }: CudaPackage, file: string): Promise<void> {
  const status = await lstat(file).catch(() => undefined);
  if (!status?.isFile()) throw new CudaAddOnError(`The archive holds no ${fileName}: it was made for another platform or version of Chorus`);
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash);
  const actual = `sha512-${hash.digest('base64')}`;
  if (actual !== integrity) throw new CudaAddOnError(`${name} has checksum ${actual}, expected ${integrity}: it was not installed`);
}

/** Unpacks all of an archive, or only `members`. */
async function unpack(archive: string, folder: string, members: readonly string[] = []): Promise<void> {
  await tar(archive, ['-xf', archive, '-C', folder, ...members]);
}

async function membersOf(archive: string): Promise<readonly string[]> {
  return (await tar(archive, ['-tf', archive])).split(/\r?\n/);
}

async function tar(archive: string, parameters: readonly string[]): Promise<string> {
  // Git's tar, which may come first on Windows' PATH, takes C: for a host.
  const program = process.platform === 'win32' ? path.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'tar.exe') : 'tar';
  const { failed, stdout, stderr } = await execa(program, parameters, { reject: false });
  if (failed) throw new CudaAddOnError(`${archive} can't be unpacked: ${stderr.split('\n')[0] ?? ''}`);
  return stdout;
}

async function removeOtherVersions(folder: string, version: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name !== version) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}
