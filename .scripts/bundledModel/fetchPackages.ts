/** Fetches packages with their registries' own clients into a cache folder and unpacks them. No script of a package runs. */
import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { findPython } from '../fetchModel.ts';
import { folderName, REGISTRIES, type CorpusPackage, type Registry } from './packages.ts';

/** Clients start slowly: each start fetches several packages. */
const BATCH_PACKAGES = 16;
const CONCURRENT_BATCHES = 3;
const FETCH_TIMEOUT_MS = 10 * 60_000;
/** Wheels of this Python and system are taken on every machine, so that the texts are the same. */
const WHEELS = ['--python-version', '3.13', '--implementation', 'cp', '--platform', 'manylinux2014_x86_64', '--platform', 'manylinux_2_28_x86_64'];

interface Client {
  /** Downloads the archives into a folder. */
  readonly download: (wanted: readonly CorpusPackage[], folder: string) => Promise<void>;
  readonly isArchiveOf: (file: string, wanted: CorpusPackage) => boolean;
  readonly unpack: (archive: string, folder: string) => Promise<void>;
}

const clients: Readonly<Record<Registry, Client>> = {
  npm: {
    download: async (wanted, folder) => {
      await execa('npm', ['pack', '--ignore-scripts', '--silent', ...wanted.map(({ name, version }) => `${name}@${version}`)], { cwd: folder, timeout: FETCH_TIMEOUT_MS });
    },
    isArchiveOf: (file, { name, version }) => file === `${name.replace('@', '').replace('/', '-')}-${version}.tgz`,
    unpack: async (archive, folder) => {
      await execa('tar', ['-xzf', archive, '-C', folder, '--strip-components=1', '--no-same-permissions']);
    },
  },
  pypi: {
    download: async (wanted, folder) => {
      const options = ['--no-deps', '--only-binary=:all:', ...WHEELS, '--quiet', '--disable-pip-version-check', '-d', folder];
      await execa(await findPython(), ['-m', 'pip', 'download', ...options, ...wanted.map(({ name, version }) => `${name}==${version}`)], { timeout: FETCH_TIMEOUT_MS });
    },
    isArchiveOf: (file, { name, version }) => file.endsWith('.whl') && file.toLowerCase().startsWith(`${name.toLowerCase().replace(/[-_.]+/g, '_')}-${version}-`),
    unpack: async (archive, folder) => {
      await execa(await findPython(), ['-m', 'zipfile', '-e', archive, folder]);
    },
  },
  debian: {
    download: async (wanted, folder) => {
      const get = (names: readonly string[]): unknown => execa('apt-get', ['download', '-qq', ...names], { cwd: folder, timeout: FETCH_TIMEOUT_MS });
      // Debian keeps a version only until the next one: then that is taken, which of a manual changes little.
      for (const { name, version } of wanted) await Promise.resolve(get([`${name}=${version}`])).catch(() => get([name]));
    },
    isArchiveOf: (file, { name }) => file.startsWith(`${name}_`) && file.endsWith('.deb'),
    unpack: async (archive, folder) => {
      await execa('dpkg-deb', ['-x', archive, folder]);
    },
  },
};

/** Where a package lies once it is fetched. */
export function packageFolder(cacheFolder: string, wanted: CorpusPackage): string {
  return path.join(cacheFolder, wanted.registry, folderName(wanted));
}

/** Fetches what is not there yet. Returns what could not be fetched, with the reason. */
export async function fetchPackages(wanted: readonly CorpusPackage[], cacheFolder: string): Promise<ReadonlyMap<CorpusPackage, string>> {
  const batches: CorpusPackage[][] = [];
  for (const registry of REGISTRIES) {
    await mkdir(path.join(cacheFolder, registry), { recursive: true });
    const missing: CorpusPackage[] = [];
    for (const one of wanted) if (one.registry === registry && !(await stat(packageFolder(cacheFolder, one)).catch(() => undefined))) missing.push(one);
    for (let first = 0; first < missing.length; first += BATCH_PACKAGES) batches.push(missing.slice(first, first + BATCH_PACKAGES));
  }
  const failed = new Map<CorpusPackage, string>();
  const workers = Array.from({ length: CONCURRENT_BATCHES }, async () => {
    for (let next = batches.shift(); next; next = batches.shift()) for (const [one, reason] of await fetchBatch(next, cacheFolder)) failed.set(one, reason);
  });
  await Promise.all(workers);
  return failed;
}

/** One that can't be had spoils its whole batch: then each is fetched by itself. */
async function fetchBatch(batch: readonly CorpusPackage[], cacheFolder: string): Promise<ReadonlyMap<CorpusPackage, string>> {
  const [first, ...others] = batch;
  if (!first) return new Map();
  try {
    await fetchTogether(batch, first.registry, cacheFolder);
    return new Map();
  } catch (error) {
    if (others.length === 0) return new Map([[first, (error as Error).message]]);
    const failed: [CorpusPackage, string][] = [];
    for (const one of batch) failed.push(...(await fetchBatch([one], cacheFolder)));
    return new Map(failed);
  }
}

async function fetchTogether(batch: readonly CorpusPackage[], registry: Registry, cacheFolder: string): Promise<void> {
  const { download, isArchiveOf, unpack } = clients[registry];
  const work = await mkdtemp(path.join(cacheFolder, 'fetch-'));
  try {
    await download(batch, work);
    const files = await readdir(work);
    for (const wanted of batch) {
      const archive = files.find((file) => isArchiveOf(file, wanted));
      if (!archive) throw new Error(`The client of ${registry} brought no archive of ${wanted.name} ${wanted.version}, but ${files.join(', ')}.`);
      const unpacked = path.join(work, 'unpacked', folderName(wanted));
      await mkdir(unpacked, { recursive: true });
      await unpack(path.join(work, archive), unpacked);
      // A folder takes its name only when it is whole. One that is there was fetched in an earlier try.
      if (!(await stat(packageFolder(cacheFolder, wanted)).catch(() => undefined))) await rename(unpacked, packageFolder(cacheFolder, wanted));
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
