import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import lockfile from 'proper-lockfile';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** Packing takes a minute on a quiet machine. */
const RETRIES = { retries: 1_200, minTimeout: 500, maxTimeout: 500 };

/**
 * All packages of this platform: Chorus with its model, and those of Open VSX. The test files of `npm test` share them,
 * and the first that needs them makes them. A test file that runs alone makes its own and removes them with this
 * object.
 */
export class Packages implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    private readonly isOwn: boolean,
  ) {}

  static async open(): Promise<Packages> {
    const shared = process.env['CHORUS_TEST_PACKAGES'];
    if (shared !== undefined) {
      await packOnce(shared);
      return new Packages(shared, false);
    }
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-packages-'));
    await pack(folder);
    return new Packages(folder, true);
  }

  /** Returns the path of the package whose name begins so, and continues with a version. */
  async named(prefix: string): Promise<string> {
    const names = await readdir(this.folder);
    const name = names.find((found) => found.startsWith(prefix) && /^\d/.test(found.slice(prefix.length)));
    if (name === undefined) throw new Error(`There is no package ${prefix}… in ${this.folder}: ${names.join(', ')}`);
    return path.join(this.folder, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isOwn) await rm(this.folder, { recursive: true, force: true });
  }
}

async function pack(folder: string): Promise<void> {
  await execa(process.execPath, ['--import', 'tsx', '.scripts/package.ts', '--open-vsx', '--out', folder], {
    cwd: root,
  });
}

async function packOnce(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const release = await lockfile.lock(folder, { retries: RETRIES, stale: 60_000 });
  try {
    const stamp = path.join(folder, 'complete');
    if (existsSync(stamp)) return;
    await pack(folder);
    await writeFile(stamp, '');
  } finally {
    await release();
  }
}
