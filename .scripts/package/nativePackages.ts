/**
 * Packages with native libraries (of node-llama-cpp, of koffi) for any platform, from `node_modules` or the npm
 * registry.
 */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { developerCacheFolder } from '../fetchModel.ts';

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity?: string }>>;
}

/** A package in the lock file, with its version and checksum. */
export interface LockedPackage {
  readonly version: string;
  readonly integrity: string;
}

/** Returns the lock file's entry for a package. Throws if it has no integrity. */
export async function lockedNativePackage(root: string, name: string): Promise<LockedPackage> {
  const key = `node_modules/${name}`;
  const lockfile = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')) as Lockfile;
  const { version, integrity } = lockfile.packages[key] ?? {};
  if (!version || !integrity) throw new Error(`package-lock.json has no integrity for ${key}: run npm install`);
  return { version, integrity };
}

/**
 * Returns the folder of a package: the installed one, or one fetched into the developer cache. Throws the same errors
 * as `fetchNativePackage`.
 */
export async function nativePackageFolder(root: string, name: string): Promise<string> {
  const installed = path.join(root, 'node_modules', name);
  if (existsSync(path.join(installed, 'package.json'))) return installed;

  const { version } = await lockedNativePackage(root, name);
  const cache = await nativePackageCache();
  const target = path.join(cache, `${name.replace('/', '+')}-${version}`);
  if (existsSync(target)) return target;
  const work = await mkdtemp(path.join(cache, 'unpack-'));
  try {
    await execa('tar', ['-xzf', await fetchNativePackage(root, name, work), '-C', work]);
    await rename(path.join(work, 'package'), target);
    return target;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Fetches the archive of a package into `folder` and returns its path. Throws if it does not match package-lock.json.
 */
export async function fetchNativePackage(root: string, name: string, folder: string): Promise<string> {
  const { version, integrity } = await lockedNativePackage(root, name);
  const specifier = `${name}@${version}`;
  const { stdout } = await execa('npm', ['pack', specifier, '--json', '--silent', '--pack-destination', folder]);
  const archive = path.join(folder, firstFilename(stdout));
  await checkIntegrity(archive, integrity, specifier);
  return archive;
}

async function nativePackageCache(): Promise<string> {
  const cache = path.join(developerCacheFolder(), 'native-packages');
  await mkdir(cache, { recursive: true });
  return cache;
}

/** npm 11 prints an array, npm 12 an object by package name. */
function firstFilename(json: string): string {
  const packed = Object.values(JSON.parse(json) as Record<string, { filename: string }>)[0];
  if (!packed) throw new Error(`npm pack answered no file: ${json}`);
  return path.basename(packed.filename);
}

async function checkIntegrity(file: string, integrity: string, what: string): Promise<void> {
  const actual = `sha512-${createHash('sha512')
    .update(await readFile(file))
    .digest('base64')}`;
  if (actual !== integrity)
    throw new Error(`${what} has integrity ${actual}, package-lock.json expects ${integrity}: not used`);
}
