/**
 * The CUDA libraries: the shipped catalogue, and archives for machines without a network. Both are read by
 * `sidecar/models/cuda/cudaAddOn.ts`.
 */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CudaCatalogue } from '../../sidecar/models/cuda/cudaAddOn.ts';
import { fetchNativePackage, lockedNativePackage } from './nativePackages.ts';
import { CUDA_TARGETS, type PackageTarget } from './targets.ts';

/**
 * The newest major CUDA version whose library is in the `-ext` packages. The plain packages hold the library for newer
 * versions.
 */
const OLDER_CUDA = 12;

/** Returns the catalogue of a target with checksums from package-lock.json, or undefined if the target has no CUDA. */
export async function cudaCatalogueOf(root: string, targetName: string): Promise<CudaCatalogue | undefined> {
  const target = CUDA_TARGETS.find(({ name }) => name === targetName);
  if (!target) return undefined;
  const packages = await Promise.all(
    target.nativePackages.map(async (name) => {
      const { version, integrity } = await lockedNativePackage(root, `@node-llama-cpp/${name}`);
      const file = `${name}-${version}.tgz`;
      const url = `https://registry.npmjs.org/@node-llama-cpp/${name}/-/${file}`;
      return {
        version,
        entry: { name, file, url, integrity, ...(name.endsWith('-ext') ? { upToCuda: OLDER_CUDA } : {}) },
      };
    }),
  );
  return { version: packages[0]?.version ?? '', packages: packages.map(({ entry }) => entry) };
}

/**
 * Writes `chorus-cuda-<target>-<version>.tar`, which contains the unchanged packages, and a file with its SHA-256.
 * Prints the size.
 */
export async function packCudaAddOn(options: {
  root: string;
  target: PackageTarget;
  outputFolder: string;
  version: string;
}): Promise<void> {
  const { root, target, outputFolder, version } = options;
  const catalogue = await cudaCatalogueOf(root, target.name);
  if (!catalogue) throw new Error(`There is no CUDA for ${target.name}`);
  const work = await mkdtemp(path.join(os.tmpdir(), 'chorus-cuda-'));
  try {
    for (const { name, file } of catalogue.packages)
      await rename(await fetchNativePackage(root, `@node-llama-cpp/${name}`, work), path.join(work, file));
    const archive = path.join(outputFolder, `chorus-cuda-${target.name}-${version}.tar`);
    await execa('tar', ['-cf', archive, '-C', work, ...catalogue.packages.map(({ file }) => file)]);
    await writeFile(`${archive}.sha256`, `${await sha256(archive)}  ${path.basename(archive)}\n`);
    console.log(`${archive}: ${((await stat(archive)).size / 1024 / 1024).toFixed(1)} MB`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
