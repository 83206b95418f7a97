import assert from 'node:assert/strict';
import { build } from 'esbuild';
import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nodeLlamaCppBundle } from '../../.scripts/nodeLlamaCpp.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** Opens a library, and prints how many processes were started for it. */
const SCRIPT = `
  import childProcess from 'node:child_process';
  import { syncBuiltinESMExports } from 'node:module';
  let processes = 0;
  const { fork } = childProcess;
  childProcess.fork = (...options) => (processes++, fork(...options));
  syncBuiltinESMExports();
  const { getLlama } = await import(process.argv[1]);
  await getLlama({ gpu: JSON.parse(process.argv[2]), build: 'never', skipDownload: true, progressLogs: false }).then(
    (llama) => llama.dispose(),
    () => undefined,
  );
  console.log(processes);
  process.exit();`;

/** The names that a source imports from node-llama-cpp as values. */
function importedValues(source: string): string[] {
  const [, names = ''] = /^import \{([^}]*)\} from 'node-llama-cpp';$/m.exec(source) ?? [];
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '));
}

describe('the bundle of node-llama-cpp', () => {
  let folder: string;
  let bundle: string;
  before(async () => {
    // The bundle finds the package's libraries beside it.
    await mkdir(path.join(root, '.cache'), { recursive: true });
    folder = await mkdtemp(path.join(root, '.cache', 'node-llama-cpp-'));
    bundle = path.join(folder, 'nodeLlamaCpp.mjs');
    await build({
      ...nodeLlamaCppBundle({ absWorkingDir: root, platform: 'node', format: 'esm', target: 'node20', bundle: true }),
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      outfile: bundle,
    });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('exports the values that the product imports, and no others', async () => {
    const files = await readdir(path.join(root, 'sidecar'), { recursive: true });
    const sources = await Promise.all(
      files.filter((file) => file.endsWith('.ts')).map((file) => readFile(path.join(root, 'sidecar', file), 'utf8')),
    );
    const exported = Object.keys((await import(pathToFileURL(bundle).href)) as object);
    assert.deepEqual(exported.sort(), [...new Set(sources.flatMap(importedValues))].sort());
  });

  for (const [gpu, processes] of [
    [false, 0],
    // Mesa's or another driver is needed for the library, but not for its test.
    ...(process.platform === 'linux' && process.arch === 'x64' ? [['vulkan', 1] as const] : []),
  ] as const)
    it(`opens the library of ${gpu === false ? 'the processor' : 'a GPU'} after ${processes} tests in a process`, async () => {
      const { stdout } = await execa(process.execPath, [
        ...['--input-type=module', '--eval', SCRIPT],
        pathToFileURL(bundle).href,
        JSON.stringify(gpu),
      ]);
      assert.equal(stdout, String(processes));
    });
});
