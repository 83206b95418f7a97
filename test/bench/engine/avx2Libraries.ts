import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { libraryFolder } from '../../../kernels/ggml/libraries.ts';

/** ggml's build for processors with AVX2 and no newer instructions. */
const AVX2_BUILD = 'haswell';

/** A folder of packages in which ggml finds only its build for AVX2. */
export class Avx2Libraries implements AsyncDisposable {
  private constructor(readonly packageRoot: string) {}

  /** Makes the folder, of links to the installed libraries. */
  static async make(): Promise<Avx2Libraries> {
    const installed = libraryFolder('cpu');
    const name = path.basename(installed);
    const root = await mkdtemp(path.join(os.tmpdir(), 'chorus-avx2-'));
    const folder = path.join(root, name, 'bins', name);
    await mkdir(folder, { recursive: true });
    for (const file of await readdir(installed)) {
      const build = /^(?:lib)?ggml-cpu-(\w+)\./.exec(file)?.[1];
      if (build === undefined || build === AVX2_BUILD)
        await symlink(path.join(installed, file), path.join(folder, file));
    }
    return new Avx2Libraries(root);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.packageRoot, { recursive: true, force: true });
  }
}
