import { execa } from 'execa';
import { rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/**
 * The shipped bundles: built by `npm test`, or for a test file that runs alone, built now and removed with this object.
 */
export class Bundles implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    private readonly isOwn: boolean,
  ) {}

  static async open(): Promise<Bundles> {
    const built = process.env['CHORUS_TEST_BUNDLES'];
    if (built !== undefined) return new Bundles(built, false);
    const folder = path.join(root, '.cache', `test-bundles-${process.pid}`);
    await execa(process.execPath, ['--import', 'tsx', '.scripts/build.ts', '--out', folder], { cwd: root });
    await symlink(path.join(root, 'media/models'), path.join(folder, 'models'), 'dir');
    return new Bundles(folder, true);
  }

  /** The command line's script. */
  get cli(): string {
    return path.join(this.folder, 'cli.mjs');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isOwn) await rm(this.folder, { recursive: true, force: true });
  }
}
