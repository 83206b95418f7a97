import { execa } from 'execa';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import packageJson from '../../../../package.json' with { type: 'json' };
import type { LaunchOptions } from '../../../../sidecar/client/launchOptions.ts';
import { repositoryRoot } from '../../report.ts';

/** The size of the run's home if it is a separate disk, which a fault can fill. */
const DISK_MEBIBYTES = 512;
/** The limit allows for other load on the machine. */
const START_LIMIT_MS = 180_000;

/** The folder of a run's home and of its copy of the bundles, so that later builds do not disturb the run. */
export interface Workplace extends AsyncDisposable {
  readonly folder: string;
  readonly home: string;
  /** Whether the home is a separate disk. */
  readonly hasOwnDisk: boolean;
  readonly launch: LaunchOptions;
}

/** Copies `dist/` and makes a home, on a small disk in memory if this process may mount one. */
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
