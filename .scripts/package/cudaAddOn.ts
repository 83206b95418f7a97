/** The CUDA libraries as an archive of their own, with a manifest that names its checksum. */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { nativePackageFolder } from './nativePackages.ts';
import type { PackageTarget } from './targets.ts';

/**
 * Writes `chorus-cuda-<target>-<version>.tgz`, which holds `<package>/…` for each native package, and `….tgz.json` beside it
 * (`sidecar/store/cudaAddOn.ts` reads both). Prints the size.
 */
export async function packCudaAddOn(options: { root: string; target: PackageTarget; outputFolder: string; version: string }): Promise<void> {
  const { root, target, outputFolder, version } = options;
  const work = await mkdtemp(path.join(os.tmpdir(), 'chorus-cuda-'));
  try {
    for (const name of target.nativePackages) {
      const source = await nativePackageFolder(root, name);
      for (const part of ['bins', 'dist', 'package.json', 'LICENSE']) await cp(path.join(source, part), path.join(work, name, part), { recursive: true });
    }
    await mkdir(outputFolder, { recursive: true });
    const file = `chorus-cuda-${target.name}-${version}.tgz`;
    const archive = path.join(outputFolder, file);
    await execa('tar', ['-czf', archive, '-C', work, ...target.nativePackages]);
    const { size } = await stat(archive);
    const nativeVersion = (JSON.parse(await readFile(path.join(work, target.nativePackages[0] ?? '', 'package.json'), 'utf8')) as { version: string }).version;
    const manifest = { file, sha256: await sha256(archive), sizeBytes: size, target: target.name, packages: target.nativePackages, nativeVersion };
    await writeFile(`${archive}.json`, `${JSON.stringify(manifest, undefined, 2)}\n`);
    console.log(`${archive}: ${(size / 1024 / 1024).toFixed(1)} MB`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
