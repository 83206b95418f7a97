import { execa } from 'execa';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import packageJson from '../../../../package.json' with { type: 'json' };
import type { LaunchOptions } from '../../../../sidecar/client/launch.ts';
import { repositoryRoot } from '../../report.ts';

/** Of the run's home where it is a disk of its own, which a fault can fill. */
const DISK_MEBIBYTES = 512;
/** Other work may have the processor for a while. */
const START_LIMIT_MS = 180_000;

/** Where a run has its copy of what ships, so that later builds do not disturb it, and its home. */
export interface Workplace extends AsyncDisposable {
  readonly folder: string;
  readonly home: string;
  /** The home is a disk of its own. */
  readonly hasOwnDisk: boolean;
  readonly launch: LaunchOptions;
}

/** Copies `dist/`, and makes a home: on a small disk in memory where this process may mount one. */
export async function makeWorkplace(distFolder = path.join(repositoryRoot, 'dist')): Promise<Workplace> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-soak-'));
  const home = path.join(folder, 'home');
  await cp(distFolder, path.join(folder, 'dist'), { recursive: true });
  await symlink(path.join(repositoryRoot, 'node_modules'), path.join(folder, 'node_modules'));
  await mkdir(home, { mode: 0o700 });
  const mounted = await execa('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MEBIBYTES}m,mode=0700`, 'tmpfs', home], {
    reject: false,
  });
  const hasOwnDisk = mounted.exitCode === 0;
  return {
    folder,
    home,
    hasOwnDisk,
    launch: {
      sidecarScript: path.join(folder, 'dist', 'sidecar.mjs'),
      clientVersion: packageJson.version,
      homeFolder: home,
      startTimeoutMs: START_LIMIT_MS,
    },
    [Symbol.asyncDispose]: async () => {
      if (hasOwnDisk) await execa('umount', ['--lazy', home], { reject: false });
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
