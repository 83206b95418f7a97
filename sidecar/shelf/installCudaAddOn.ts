import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CUDA_FOLDER, homeFolder as chorusFolder } from '../common/home.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { NetworkSettings } from '../protocol/client.ts';
import { cudaCatalogue, cudaPackageFolder, type CudaCatalogue, type CudaPackage } from '../models/cuda/cudaAddOn.ts';
import { findCudaRuntime } from '../models/cuda/cudaRuntime.ts';
import { downloadFile, type DownloadTiming, type FileProgress } from './download/downloadFile.ts';
import { BrokenTransferError, refused } from './download/errors.ts';
import { makeFolder } from './download/makeFolder.ts';
import { removePartial } from './download/partialFile.ts';
import { lockForWriting } from './download/writeLock.ts';
import { HttpClient } from '../common/http/httpClient.ts';

export interface InstallOptions {
  readonly catalogue: CudaCatalogue;
  readonly homeFolder: string;
  /** The major version of the installed CUDA runtime. It decides which packages are needed. */
  readonly cudaVersion: number;
  /** An archive on this machine. Without it the packages are downloaded. */
  readonly archive?: string;
  /** How to reach the registry. */
  readonly network?: NetworkSettings;
  readonly timing?: DownloadTiming;
  readonly onProgress?: (packageName: string, progress: FileProgress) => void;
  readonly signal?: AbortSignal;
}

/** The packages to install, and their folder. */
interface Installation {
  readonly packages: readonly CudaPackage[];
  readonly folder: string;
  /** A folder below `folder` for temporary files. */
  readonly workFolder: string;
  readonly signal: AbortSignal;
}

/** No package has this name. */
const WORK_FOLDER = 'install';
/** The catalogue has no sizes. Even unpacked, the largest package is smaller than this. */
const ABOUT_PACKAGE_BYTES = 500e6;

/** Installs the add-on of this build for the CUDA runtime of this machine. Throws as `installCudaAddOn` does. */
export async function installCudaSupport(
  options: Omit<InstallOptions, 'catalogue' | 'homeFolder' | 'cudaVersion'>,
): Promise<void> {
  const catalogue = await cudaCatalogue();
  if (!catalogue)
    throw refused(
      'This build has no CUDA add-on. A checkout gets the libraries from npm; packages for Linux x64 and Windows x64 have one.',
    );
  const runtime = await findCudaRuntime();
  if (!runtime)
    throw refused(
      "NVIDIA's driver or CUDA runtime (12 or 13) was not found: the libraries would not run. Install CUDA first.",
    );
  await installCudaAddOn({ ...options, catalogue, homeFolder: chorusFolder(), cudaVersion: runtime.majorVersion });
}

/**
 * Installs the missing packages for `cudaVersion`, each completely or not at all. Received bytes are kept if it is
 * aborted, and the next installation continues there. Throws `TroubleError`, and the signal's reason.
 */
export async function installCudaAddOn(options: InstallOptions): Promise<void> {
  const { catalogue, homeFolder, cudaVersion, archive, signal = new AbortController().signal } = options;
  const folder = path.join(homeFolder, CUDA_FOLDER, catalogue.version);
  const workFolder = path.join(folder, WORK_FOLDER);
  await makeFolder(folder);
  const lock = await lockForWriting(workFolder, { onWait: () => Promise.resolve(), signal });
  try {
    // Files of an installation that was killed.
    await rm(workFolder, { recursive: true, force: true });
    await mkdir(workFolder);
    const needed = catalogue.packages.filter(({ upToCuda }) => upToCuda === undefined || cudaVersion <= upToCuda);
    const packages = needed.filter(({ name }) => !existsSync(cudaPackageFolder(homeFolder, catalogue, name)));
    const installation = { packages, folder, workFolder, signal: AbortSignal.any([signal, lock.lost]) };
    if (packages.length > 0)
      await (archive === undefined
        ? installFromRegistry(installation, options)
        : installFromArchive(installation, archive));
    await removeOtherVersions(path.join(homeFolder, CUDA_FOLDER), catalogue.version);
  } finally {
    // A process that took the lock over may be working there.
    if (!lock.lost.aborted) await rm(workFolder, { recursive: true, force: true });
    await lock.release();
  }
}

async function installFromRegistry(installation: Installation, options: InstallOptions): Promise<void> {
  const client = await HttpClient.open(options.network);
  try {
    for (const cudaPackage of installation.packages) {
      await install(cudaPackage, await download(cudaPackage, client, installation, options), installation);
    }
  } finally {
    await client.close();
  }
}

async function installFromArchive(installation: Installation, archive: string): Promise<void> {
  const held = await membersOf(archive);
  for (const cudaPackage of installation.packages) {
    const { file: member } = cudaPackage;
    const file = path.join(installation.workFolder, member);
    if (held.includes(member)) await unpack(archive, installation.workFolder, [member]);
    await checkIntegrity(cudaPackage, file);
    await install(cudaPackage, file, installation);
  }
}

/** Unpacks a verified package and gives it its name. */
async function install(
  { name, file: fileName }: CudaPackage,
  file: string,
  { folder, workFolder, signal }: Installation,
): Promise<void> {
  // A folder of its own, so that other files of the archive do not mix with the verified package.
  const unpacked = path.join(workFolder, `${name}.unpacked`);
  await mkdir(unpacked);
  await unpack(file, unpacked);
  signal.throwIfAborted();
  await rename(path.join(unpacked, 'package'), path.join(folder, name));
  await removePartial(path.join(folder, fileName));
}

/** Downloads a package, verifies it, and returns its path. */
async function download(
  { name, file, url, integrity }: CudaPackage,
  client: HttpClient,
  { folder, signal }: Installation,
  { timing, onProgress }: InstallOptions,
): Promise<string> {
  const sha512 = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
  try {
    const { partial } = await downloadFile({
      client,
      url,
      targetPath: path.join(folder, file),
      expected: { sizeBytes: ABOUT_PACKAGE_BYTES, sha512 },
      onProgress: (progress) => onProgress?.(name, progress),
      signal,
      timing,
    });
    return partial.path;
  } catch (error) {
    if (!(error instanceof TroubleError && error.cause instanceof BrokenTransferError)) throw error;
    throw refused(`${error.message} Where there is no network, install from an archive: chorus cuda --install FILE.`, {
      cause: error,
    });
  }
}

async function checkIntegrity({ name, file: fileName, integrity }: CudaPackage, file: string): Promise<void> {
  const status = await lstat(file).catch(() => undefined);
  if (!status?.isFile())
    throw refused(`The archive holds no ${fileName}: it was made for another platform or version of Chorus`);
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash);
  const actual = `sha512-${hash.digest('base64')}`;
  if (actual !== integrity)
    throw refused(`${name} has checksum ${actual}, expected ${integrity}: it was not installed`);
}

/** Unpacks a whole archive, or only `members`. */
async function unpack(archive: string, folder: string, members: readonly string[] = []): Promise<void> {
  await tar(archive, ['-xf', archive, '-C', folder, ...members]);
}

async function membersOf(archive: string): Promise<readonly string[]> {
  return (await tar(archive, ['-tf', archive])).split(/\r?\n/);
}

async function tar(archive: string, parameters: readonly string[]): Promise<string> {
  // Git's tar may come first on Windows' PATH, and takes C: for a host.
  const program =
    process.platform === 'win32' ? path.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'tar.exe') : 'tar';
  const { failed, stdout, stderr } = await execa(program, parameters, { reject: false });
  if (failed) throw refused(`${archive} can't be unpacked: ${stderr.split('\n')[0] ?? ''}`);
  return stdout;
}

async function removeOtherVersions(folder: string, version: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name !== version) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}
