/** Native libraries of node-llama-cpp for any platform, from `node_modules` or the npm registry. */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { developerCacheFolder } from '../fetchModel.ts';

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity?: string }>>;
}

/**
 * Folder of `@node-llama-cpp/<name>`: the installed one, or one fetched with `npm pack` into the developer cache. What is fetched is checked
 * against the integrity that package-lock.json holds. Throws where that differs.
 */
export async function nativePackageFolder(root: string, name: string): Promise<string> {
  const key = `node_modules/@node-llama-cpp/${name}`;
  const installed = path.join(root, key);
  if (existsSync(path.join(installed, 'bins'))) return installed;

  const lockfile = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')) as Lockfile;
  const locked = lockfile.packages[key];
  if (!locked?.integrity) throw new Error(`package-lock.json has no integrity for ${key}: run npm install`);
  const cache = path.join(developerCacheFolder(), 'native-packages');
  const target = path.join(cache, `${name}-${locked.version}`);
  if (existsSync(target)) return target;

  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(path.join(cache, 'fetch-'));
  try {
    const specifier = `@node-llama-cpp/${name}@${locked.version}`;
    const { stdout } = await execa('npm', ['pack', specifier, '--json', '--silent', '--pack-destination', work]);
    const archive = path.join(work, firstFilename(stdout));
    await checkIntegrity(archive, locked.integrity, specifier);
    await execa('tar', ['-xzf', archive, '-C', work]);
    await rename(path.join(work, 'package'), target);
    return target;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** npm 11 answers an array, npm 12 an object by package name. */
function firstFilename(json: string): string {
  const packed = Object.values(JSON.parse(json) as Record<string, { filename: string }>)[0];
  if (!packed) throw new Error(`npm pack answered no file: ${json}`);
  return path.basename(packed.filename);
}

async function checkIntegrity(file: string, integrity: string, what: string): Promise<void> {
  const actual = `sha512-${createHash('sha512').update(await readFile(file)).digest('base64')}`;
  if (actual !== integrity) throw new Error(`${what} has integrity ${actual}, package-lock.json expects ${integrity}: not used`);
}
