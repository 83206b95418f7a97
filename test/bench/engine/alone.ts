import { build } from 'esbuild';
import { execa } from 'execa';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { computeEnvironment } from '../../../sidecar/common/childProcess/computeEnvironment.ts';
import { repositoryRoot } from '../report.ts';
import { median } from '../statistics.ts';
import type { AloneOptions, AloneResult } from './aloneProtocol.ts';
import type { Extra } from './rows.ts';

const SCRIPTS = {
  chorus: fileURLToPath(new URL('../aloneEngine.ts', import.meta.url)),
  libllama: fileURLToPath(new URL('aloneLibllama.ts', import.meta.url)),
} as const;
type Name = keyof typeof SCRIPTS;

/** CommonJS dependencies inside an ES module bundle call `require`. */
const banner =
  "import { createRequire as benchRequire } from 'node:module'; const require = benchRequire(import.meta.url);";

/** Processes that contain one engine and nothing else. They run bundles, as the product does. */
export class AloneScripts implements AsyncDisposable {
  private constructor(private readonly folder: string) {}

  /** Makes the bundles in the repository, where they find native packages. Chorus's own kernels lie beside them. */
  static async bundle(): Promise<AloneScripts> {
    const cache = path.join(repositoryRoot, '.cache');
    await mkdir(cache, { recursive: true });
    const scripts = new AloneScripts(await mkdtemp(path.join(cache, 'alone-')));
    await symlink(path.join(repositoryRoot, 'kernels/native/built'), path.join(scripts.folder, 'kernels'), 'junction');
    for (const name of Object.keys(SCRIPTS) as Name[])
      await build({
        entryPoints: [SCRIPTS[name]],
        outfile: scripts.#file(name),
        bundle: true,
        minify: true,
        platform: 'node',
        target: 'node20',
        format: 'esm',
        banner: { js: banner },
        external: ['koffi'],
        logLevel: 'warning',
      });
    return scripts;
  }

  #file(name: Name): string {
    return path.join(this.folder, `${name}.mjs`);
  }

  /** Runs a process with an engine. Throws if it fails. */
  async run(name: Name, options: AloneOptions, environment: NodeJS.ProcessEnv = {}): Promise<AloneResult> {
    const { stdout } = await execa(process.execPath, [this.#file(name), JSON.stringify(options)], {
      cwd: repositoryRoot,
      env: { ...computeEnvironment, ...environment },
    });
    return JSON.parse(stdout.trim().split('\n').at(-1) as string) as AloneResult;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Measures the starts of both engines in turns. The first round reads the weights from the disk and does not count. */
export async function measureStart(
  scripts: AloneScripts,
  { options, environment, rounds }: { options: AloneOptions; environment: NodeJS.ProcessEnv; rounds: number },
): Promise<Extra> {
  const measured: Record<Name, number>[] = [];
  for (let round = 0; round <= rounds; round++) {
    const times: Record<Name, number> = { chorus: NaN, libllama: NaN };
    for (const name of round % 2 === 0 ? (['chorus', 'libllama'] as const) : (['libllama', 'chorus'] as const))
      times[name] = (await scripts.run(name, options, environment)).firstTokenMs;
    if (round > 0) measured.push(times);
  }
  return {
    test: 'start',
    chorusMs: median(measured.map(({ chorus }) => chorus)),
    libllamaMs: median(measured.map(({ libllama }) => libllama)),
    ratio: median(measured.map(({ chorus, libllama }) => chorus / libllama)),
  };
}

/** Measures the memory of a process with our engine and a filled context. */
export async function measureMemory(
  scripts: AloneScripts,
  { options, environment }: { options: AloneOptions; environment: NodeJS.ProcessEnv },
): Promise<Extra> {
  const result = await scripts.run('chorus', { ...options, isFilled: true }, environment);
  const { residentBytes, weightBytes, cacheBytes } = result;
  return { test: 'memory', residentBytes, weightBytes, cacheBytes };
}
