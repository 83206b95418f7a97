/**
 * Changes one line at a time where a mistake would do harm, in a copy of the tree. Reports the changes that no test
 * noticed.
 *
 *   npx tsx test/bench/reliability/mutate.ts [--only WORD] [--from NUMBER] [--all] [--write] [--outcomes FILE]
 *
 * `--only` selects mutations whose file, text or group contains the word. `--from` skips those before in the table
 * `mutations.ts`. `--all` repeats mutations that were killed before, although neither file nor tests have changed
 * since. `--write` adds the outcome to `docs/results/reliability.json`, or to FILE.
 */
import { execa } from 'execa';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { originOfRun, repositoryRoot } from '../report.ts';
import { mutations } from './mutations.ts';
import { setMutations } from './outcomes.ts';

type Mutation = (typeof mutations)[number];
/** 'stale' means that the text does not occur exactly once in the file. */
type Verdict = 'killed' | 'survived' | 'stale';

/** A mutation that makes a test hang counts as noticed. The limit allows for other load on the machine. */
const STANDSTILL_FACTOR = 5;
const STANDSTILL_MS = 60_000;
const MAX_OUTPUT = 10_000_000;
const MAX_SHOWN_LINES = 30;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    from: { type: 'string', default: '1' },
    all: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    outcomes: { type: 'string' },
    verdicts: { type: 'string', default: path.join(repositoryRoot, '.cache', 'mutations.json') },
  },
});
/** The duration of each passing test file, or `Infinity` for a failing one. */
const passesMs = new Map<string, number>();
const verdicts = new Map<string, Verdict>(
  await readFile(options.verdicts, 'utf8').then(
    (text) => Object.entries(JSON.parse(text) as Record<string, Verdict>),
    () => [],
  ),
);

const folder = await copyOfTree();
try {
  const chosen = mutations
    .slice(Number(options.from) - 1)
    .filter(({ group, file, find }) => [group, file, find].some((text) => text.includes(options.only ?? '')));
  for (const [index, mutation] of chosen.entries()) {
    const key = await keyOf(mutation);
    if (options.all || verdicts.get(key) !== 'killed') verdicts.set(key, await tryMutation(mutation));
    console.log(
      `${index + 1}/${chosen.length} ${verdicts.get(key)}: ${mutation.file}: ${mutation.find} → ${mutation.replacement}`,
    );
    await writeFile(options.verdicts, JSON.stringify(Object.fromEntries(verdicts), undefined, 1));
  }
  await report(chosen);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Copies the files that git knows, as they are now. */
async function copyOfTree(): Promise<string> {
  const target = await mkdtemp(path.join(os.tmpdir(), 'chorus-mutate-'));
  const { stdout } = await execa(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
    { cwd: repositoryRoot },
  );
  for (const file of stdout.split('\0').filter((name) => name !== '' && !name.startsWith('docs/images/'))) {
    await cp(path.join(repositoryRoot, file), path.join(target, file)).catch((error: NodeJS.ErrnoException) => {
      // The file was removed, and the removal is not committed yet.
      if (error.code !== 'ENOENT') throw error;
    });
  }
  await mkdir(path.join(repositoryRoot, '.cache'), { recursive: true });
  for (const name of ['node_modules', '.cache'])
    await symlink(path.join(repositoryRoot, name), path.join(target, name));
  return target;
}

async function tryMutation({ file, find, replacement, tests }: Mutation): Promise<Verdict> {
  const target = path.join(folder, file);
  const text = await readFile(target, 'utf8');
  if (text.split(find).length !== 2) return 'stale';
  // A test that fails without a mutation would notice everything.
  const passing: string[] = [];
  for (const test of tests) if (await passesNow(test)) passing.push(test);
  if (passing.length === 0) throw new Error(`No test of ${file} passes without a change`);
  await writeFile(
    target,
    text.replace(find, () => replacement),
  );
  try {
    for (const test of passing)
      if ((await failureOf(test, STANDSTILL_MS + STANDSTILL_FACTOR * (passesMs.get(test) ?? 0))) !== undefined)
        return 'killed';
    return 'survived';
  } finally {
    await writeFile(target, text);
  }
}

/** Returns whether a test passes without a mutation. Reports a failing test, which is left out. */
async function passesNow(test: string): Promise<boolean> {
  const known = passesMs.get(test);
  if (known !== undefined) return known < Infinity;
  const begun = performance.now();
  const failure = await failureOf(test, 20 * STANDSTILL_MS);
  if (failure !== undefined) console.error(`${test} is left out since it fails without a change:\n${failure}`);
  passesMs.set(test, failure === undefined ? performance.now() - begun : Infinity);
  return failure === undefined;
}

/** Returns the output of a failed test, or `undefined` if it passed. */
async function failureOf(test: string, timeoutMs: number): Promise<string | undefined> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'chorus-mutate-home-'));
  try {
    const { exitCode, all } = await execa(process.execPath, ['--import', 'tsx', test], {
      cwd: folder,
      reject: false,
      timeout: timeoutMs,
      forceKillAfterDelay: 1_000,
      env: { CHORUS_HOME: home, CHORUS_TEST_BUNDLES: undefined },
      stdin: 'ignore',
      all: true,
      maxBuffer: MAX_OUTPUT,
    });
    return exitCode === 0 ? undefined : failures(all);
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Returns the failed tests of a TAP report, with their errors. */
function failures(report: string): string {
  const lines = report.split('\n').filter((line) => /not ok|error:|expected:|actual:|Error/.test(line));
  return (lines.length > 0 ? lines : report.split('\n')).slice(-MAX_SHOWN_LINES).join('\n');
}

/** Returns a key that changes with the file and its tests, since earlier results are then invalid. */
async function keyOf({ file, find, replacement, tests }: Mutation): Promise<string> {
  const texts = await Promise.all(
    [file, ...tests].map((each) => readFile(path.join(folder, each), 'utf8').catch(() => '')),
  );
  return createHash('sha256')
    .update(JSON.stringify([find, replacement, texts]))
    .digest('hex');
}

async function report(chosen: readonly Mutation[]): Promise<void> {
  const keys = await Promise.all(chosen.map(keyOf));
  const of = (verdict: Verdict): Mutation[] =>
    chosen.filter((_, index) => verdicts.get(keys[index] as string) === verdict);
  const lines = (of: readonly Mutation[]): string[] =>
    of.map(({ file, find, replacement }) => `${file}: ${find} → ${replacement}`);
  const [killed, survivors, stale] = [of('killed'), lines(of('survived')), lines(of('stale'))];
  console.log(JSON.stringify({ tried: chosen.length, killed: killed.length, survivors, stale }, undefined, 2));
  if (options.write)
    await setMutations(
      {
        ...(await originOfRun()),
        command: 'npx tsx test/bench/reliability/mutate.ts --write',
        tried: chosen.length,
        killed: killed.length,
        survivors: [...survivors, ...stale],
      },
      options.outcomes,
    );
  process.exitCode = survivors.length + stale.length > 0 ? 1 : 0;
}
