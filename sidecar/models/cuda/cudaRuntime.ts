import { access, readdir } from 'node:fs/promises';
import path from 'node:path';

/** A major version of CUDA's runtime libraries, and the driver. */
export interface CudaRuntime {
  readonly majorVersion: number;
  /** The folder of the runtime library. */
  readonly folder: string;
}

export interface CudaSearch {
  readonly platform?: NodeJS.Platform;
  readonly environment?: NodeJS.ProcessEnv;
  /** Further folders, searched first. */
  readonly folders?: readonly string[];
}

/** The major versions that the add-on has libraries for, the best first. */
const MAJOR_VERSIONS = [13, 12];

/**
 * Finds the newest CUDA runtime of this machine that the add-on supports. Resolves with `undefined` if the runtime or
 * the driver is missing.
 */
export async function findCudaRuntime(search: CudaSearch = {}): Promise<CudaRuntime | undefined> {
  const platform = search.platform ?? process.platform;
  const environment = search.environment ?? process.env;
  if (platform !== 'linux' && platform !== 'win32') return undefined;
  const folders = [
    ...(search.folders ?? []),
    ...(platform === 'linux' ? await linuxFolders(environment) : await windowsFolders(environment)),
  ];
  if ((await folderWith(folders, platform === 'linux' ? 'libcuda.so.1' : 'nvcuda.dll')) === undefined) return undefined;
  for (const majorVersion of MAJOR_VERSIONS) {
    const [runtime, blas] =
      platform === 'linux'
        ? [`libcudart.so.${majorVersion}`, `libcublas.so.${majorVersion}`]
        : [`cudart64_${majorVersion}.dll`, `cublas64_${majorVersion}.dll`];
    const folder = await folderWith(folders, runtime);
    if (folder !== undefined && (await folderWith(folders, blas)) !== undefined) return { majorVersion, folder };
  }
  return undefined;
}

/** The folders that the loader searches, and those where NVIDIA's packages install the toolkit. */
async function linuxFolders(environment: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const toolkits = (await readdir('/usr/local').catch(() => []))
    .filter((name) => /^cuda(-[\d.]+)?$/.test(name))
    .map((name) => `/usr/local/${name}/lib64`);
  const searched = (environment['LD_LIBRARY_PATH'] ?? '').split(':').filter(Boolean);
  return [
    ...searched,
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib64',
    '/usr/lib',
    '/usr/lib/wsl/lib',
    ...toolkits,
    '/opt/cuda/lib64',
  ];
}

async function windowsFolders(environment: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const toolkit = path.win32.join(
    environment['ProgramFiles'] ?? 'C:\\Program Files',
    'NVIDIA GPU Computing Toolkit',
    'CUDA',
  );
  const versions = (await readdir(toolkit).catch(() => [])).map((name) => path.win32.join(toolkit, name));
  const installed = environment['CUDA_PATH'] ? [environment['CUDA_PATH'], ...versions] : versions;
  const system = path.win32.join(environment['SystemRoot'] ?? 'C:\\Windows', 'System32');
  return [
    ...(environment['Path'] ?? environment['PATH'] ?? '').split(';').filter(Boolean),
    ...installed.flatMap((folder) => [`${folder}\\bin`, `${folder}\\bin\\x64`]),
    system,
  ];
}

async function folderWith(folders: readonly string[], file: string): Promise<string | undefined> {
  for (const folder of folders) {
    if (
      await access(path.join(folder, file)).then(
        () => true,
        () => false,
      )
    )
      return folder;
  }
  return undefined;
}
