/**
 * Runs the checks and tests. `npm test` runs the tests that a change has to pass. `npm run test:all` runs everything
 * that needs no GPU. `npm run test:unit`, `test:vulkan`, `test:host` and `test:desktop` run a whole part. Test files
 * may follow: `npm run test:unit -- test/sidecar/chat/answerLanguage.test.ts`.
 *
 * Every part runs, and the exit code tells whether all passed.
 */
import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { HOST_VERSIONS, NEWEST_HOST, setUpHost, type HostVersion } from '../test/host/setup.ts';
import { fetchModel } from './fetchModel.ts';
import { LONGEST_TESTS, longestFirst } from './longestTests.ts';
import { FILES_PER_CORE } from './ownCore.ts';
import { writePlainSources } from './plainSources.ts';
import { withSharedProcesses } from './sharedProcesses.ts';
import { ALL_TOOLS, ensureSystemTools } from './system.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const HOST_FOLDER = 'test/host/';
const DESKTOP_FOLDER = 'test/desktop/';
/** Tests of everyday use and of the protection of secrets. `npm test` runs these, in the newest VS Code. */
const EVERYDAY_HOST_TESTS = [
  'actions',
  'chat',
  'completion',
  'context',
  'inHost',
  'package',
  'trust',
  'workspaces',
].map((name) => `${HOST_FOLDER}${name}.test.ts`);
const GPU_TESTS = [
  'test/sidecar/models/adapters/mixtureParity.test.ts',
  'test/kernels/ggml/support.test.ts',
  'test/kernels/ggml/graph.test.ts',
  'test/kernels/blocks/roundPerToken.test.ts',
  'test/kernels/blocks/roundToGrid.test.ts',
  'test/kernels/blocks/speechBlocks.test.ts',
  'test/kernels/cache/pages.test.ts',
  'test/kernels/cache/selectors.test.ts',
  'test/kernels/training/autograd/gradients.test.ts',
  'test/kernels/blocks/gradients.test.ts',
  'test/kernels/training/optimiser/adamW.test.ts',
  'test/kernels/training/optimiser/muon.test.ts',
  'test/sidecar/workshop/train/trainingStep.test.ts',
  'test/sidecar/workshop/train/training.test.ts',
  'test/sidecar/workshop/train/mixtures.test.ts',
  'test/sidecar/workshop/outliers/spectralNorm.test.ts',
  'test/sidecar/workshop/selectRows.test.ts',
  'test/sidecar/models/chorus/openChorusModel.test.ts',
  'test/sidecar/models/chorus/cache/tieredCache.test.ts',
  'test/sidecar/models/chorus/tiers/slowTier.test.ts',
  'test/sidecar/models/chorus/tiers/mixtureTiers.test.ts',
  'test/sidecar/models/chorus/tiers/headNeeds.test.ts',
  'test/sidecar/models/chorus/tiers/choosingHeads.test.ts',
  'test/sidecar/models/chorus/cache/cacheRows.test.ts',
  'test/sidecar/models/chorus/tiers/lastQueries.test.ts',
  'test/sidecar/models/chorus/selection/layerMajor.test.ts',
  'test/sidecar/models/chorus/selection/mixtureLayerMajor.test.ts',
  'test/sidecar/models/architectures/chorus.test.ts',
  'test/sidecar/models/chorus/network/parity.test.ts',
  'test/sidecar/models/chorus/network/splitParity.test.ts',
];
/**
 * A test file that hangs is ended and fails after this time. The limit measures nothing: a machine that is ten times
 * slower passes.
 */
const UNIT_LIMIT_MS = 60 * 60_000;
/** The limit of parallel files, since each may load a model. */
const MAX_SIDE_BY_SIDE = 4;
const VULKAN_LIMIT_MS = 90 * 60_000;
const HOST_LIMIT_MS = 60 * 60_000;

/** A part beside the unit tests keeps its output until it is done, so that lines of two parts never mix. */
type Output = 'inherit' | 'kept';
type Part = (files: readonly string[], output: Output) => Promise<boolean>;

const parts: Readonly<Record<string, Part>> = {
  check: (_, output) => npmScript('check', output),
  unit: unitTests,
  vulkan: vulkanTests,
  build: (_, output) => npmScript('build', output),
  host: hostTests,
  desktop: desktopTests,
};
const [, , word = '', ...others] = process.argv;
const chosen = word in parts ? [word] : undefined;
const isEveryday = chosen === undefined && word !== 'all';
const files = isEveryday ? process.argv.slice(2) : others;

// The browser host is set up on Linux. Elsewhere the desktop's VS Code tests the same features.
const hostPart = process.platform === 'linux' ? 'host' : 'desktop';
const first = chosen ?? ['build'];
// Tests of whole processes run the built bundles, so build first.
if (chosen && ['unit', 'host', 'desktop'].includes(chosen[0] as string)) first.unshift('build');
/** Parts that run side by side. The host's windows take longest, and wait half of their time. */
const lanes: readonly { readonly sequence: readonly string[]; readonly output: Output }[] = chosen
  ? []
  : [
      { sequence: ['unit'], output: 'inherit' },
      { sequence: [hostPart], output: 'kept' },
      { sequence: ['check'], output: 'kept' },
    ];
const all = [...first, ...lanes.flatMap(({ sequence }) => sequence)];

// A test that forgets to set its own home must not meet the user's sidecar.
const home = await mkdtemp(path.join(os.tmpdir(), 'chorus-test-'));
let writtenSources: Promise<void> | undefined;
const failed: string[] = [];
try {
  // Fetching and setup mostly wait for the network.
  const prepared = all.every(needsNothing) ? Promise.resolve(true) : succeeds(prepare());
  const hostPrepared = all.includes('host') ? prepared.then((isReady) => isReady && succeeds(setUpHosts())) : prepared;
  const isPrepared = (part: string): Promise<boolean> =>
    needsNothing(part) ? Promise.resolve(true) : part === 'host' ? hostPrepared : prepared;
  await runSequence(first, 'inherit', isPrepared);
  await Promise.all(lanes.map(({ sequence, output }) => runSequence(sequence, output, isPrepared)));
} finally {
  await rm(home, { recursive: true, force: true });
}
console.log(failed.length === 0 ? `\nPassed: ${all.join(', ')}` : `\nFailed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Runs parts one after the other, also after a failure. */
async function runSequence(
  sequence: readonly string[],
  output: Output,
  isPrepared: (part: string) => Promise<boolean>,
): Promise<void> {
  for (const part of sequence) {
    if (!(await isPrepared(part))) {
      failed.push(`preparing ${part}`);
      continue;
    }
    if (output === 'inherit') console.log(`\n── ${part} ──`);
    if (!(await parts[part]?.(files, output))) failed.push(part);
  }
}

function needsNothing(part: string): boolean {
  return part === 'check' || part === 'build';
}

async function prepare(): Promise<void> {
  if (process.platform === 'linux') await ensureSystemTools(ALL_TOOLS);
  await fetchModel();
}

async function setUpHosts(): Promise<void> {
  for (const version of isEveryday ? [NEWEST_HOST] : (Object.keys(HOST_VERSIONS) as HostVersion[]))
    await setUpHost(version);
}

/** Returns whether the work succeeds. Prints its error. */
function succeeds(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    (error: unknown) => {
      console.error(error);
      return false;
    },
  );
}

/**
 * Runs the unit tests. On Linux each file stays on one core, and several files run side by side. Elsewhere a process
 * can't be pinned to a core, so files run one at a time.
 */
async function unitTests(chosenFiles: readonly string[], output: Output): Promise<boolean> {
  const unitFiles = (chosenFiles.length > 0 ? chosenFiles : await testFiles()).filter(
    (file) => !file.startsWith(HOST_FOLDER) && !file.startsWith(DESKTOP_FOLDER),
  );
  // Files of other parts take too long to share a process and its time limit.
  const processes =
    unitFiles.length === 1
      ? unitFiles
      : await withSharedProcesses(longestFirst(unitFiles), { root, folder: home, alone: LONGEST_TESTS });
  if (process.platform !== 'linux')
    return nodeTest(processes, { title: 'unit', output, concurrency: 1, limitMs: UNIT_LIMIT_MS });
  const cores = path.join(home, 'cores');
  await mkdir(cores);
  return nodeTest(processes, {
    title: 'unit',
    output,
    concurrency: Math.min(os.availableParallelism() * FILES_PER_CORE, MAX_SIDE_BY_SIDE),
    limitMs: UNIT_LIMIT_MS,
    env: { CHORUS_TEST_CORES: cores },
  });
}

/**
 * Runs the tests that a GPU can run, on the first Vulkan device. They are not part of all tests: Mesa's driver runs on
 * the processor and takes more than half an hour.
 */
async function vulkanTests(chosenFiles: readonly string[], output: Output): Promise<boolean> {
  await ensureSystemTools(['vulkan']);
  // Mesa's driver frees memory twice if it computes on several threads.
  const env = { CHORUS_TEST_DEVICE: 'vulkan', GGML_VK_VISIBLE_DEVICES: '0', LP_NUM_THREADS: '0' };
  return nodeTest(chosenFiles.length > 0 ? chosenFiles : GPU_TESTS, {
    title: 'vulkan',
    output,
    concurrency: 1,
    limitMs: VULKAN_LIMIT_MS,
    env,
  });
}

async function hostTests(chosenFiles: readonly string[], output: Output): Promise<boolean> {
  const options = { title: 'host', output, concurrency: 1, limitMs: HOST_LIMIT_MS };
  if (chosenFiles.length > 0)
    return nodeTest(
      chosenFiles.filter((file) => file.startsWith(HOST_FOLDER)),
      options,
    );
  if (isEveryday) return nodeTest(EVERYDAY_HOST_TESTS, { ...options, env: { CHORUS_TEST_HOSTS: 'newest' } });
  return nodeTest(
    (await testFiles()).filter((file) => file.startsWith(HOST_FOLDER)),
    options,
  );
}

async function desktopTests(_: readonly string[], output: Output): Promise<boolean> {
  return run('desktop', process.execPath, ['--import', 'tsx', path.join(root, DESKTOP_FOLDER, 'run.ts')], { output });
}

async function testFiles(): Promise<string[]> {
  const found = await readdir(path.join(root, 'test'), { recursive: true });
  return found
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${file.split(path.sep).join('/')}`)
    .sort();
}

interface NodeTestOptions {
  readonly title: string;
  readonly output: Output;
  readonly concurrency: number;
  readonly limitMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

async function nodeTest(
  testFiles: readonly string[],
  { title, output, concurrency, limitMs, env }: NodeTestOptions,
): Promise<boolean> {
  if (testFiles.length === 0) return true;
  const sources = await plainSources();
  return run(
    title,
    process.execPath,
    [
      ...imports('plainSources.mjs', 'ownCore.ts'),
      path.join(root, '.scripts/runTests.ts'),
      `--concurrency=${concurrency}`,
      `--limit-ms=${limitMs}`,
      ...testFiles,
    ],
    {
      output,
      env: {
        CHORUS_HOME: home,
        CHORUS_TEST_BUNDLES: path.join(root, 'dist'),
        CHORUS_TEST_PACKAGES: path.join(home, 'packages'),
        CHORUS_TEST_SOURCES: sources,
        ...env,
      },
    },
  );
}

/** Returns the options with which Node first imports these files of this folder. */
function imports(...names: readonly string[]): string[] {
  return names.flatMap((name) => ['--import', pathToFileURL(path.join(root, '.scripts', name)).href]);
}

/** Returns the folder of the sources as JavaScript, written once per run. */
function plainSources(): Promise<string> {
  const folder = path.join(home, 'sources');
  writtenSources ??= writePlainSources(root, folder);
  return writtenSources.then(() => folder);
}

async function npmScript(name: string, output: Output): Promise<boolean> {
  return run(name, 'npm', ['run', '--silent', name], { output });
}

/**
 * Runs a program in the project's folder and returns whether it passed. Kept output is printed with its title at the
 * end.
 */
async function run(
  title: string,
  program: string,
  args: readonly string[],
  { output, env = {} }: { readonly output: Output; readonly env?: Readonly<Record<string, string>> },
): Promise<boolean> {
  if (output === 'inherit')
    return (await execa(program, args, { cwd: root, stdio: 'inherit', reject: false, env })).exitCode === 0;
  const { exitCode, all } = await execa(program, args, { cwd: root, stdin: 'ignore', all: true, reject: false, env });
  console.log(`\n── ${title} ──\n${all}`);
  return exitCode === 0;
}
