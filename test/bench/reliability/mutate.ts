/**
 * Changes one line at a time where a mistake would hurt, in a copy of the tree, and tells which changes no test
 * noticed.
 *
 *   npx tsx test/bench/reliability/mutate.ts [--only WORD] [--from NUMBER] [--all] [--write] [--outcomes FILE]
 *
 * `--only`: mutations whose file, text or group holds the word. `--from`: leaves out those before in the table,
 * `mutations.ts`. `--all`: those that were killed before too, though neither file nor tests have changed since.
 * `--write`: the outcome is added to `docs/results/reliability.json`, or to FILE.
 */
import { execa } from 'execa';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { originOfRun, repositoryRoot } from '../report.ts';
import { mutations } from './mutations.ts';
import { setMutations } from './outcomes.ts';

type Mutation = (typeof mutations)[number];
/** 'stale': the text is not in the file once. */
type Verdict = 'killed' | 'survived' | 'stale';

/** A mutation that makes a test stand still is noticed. The machine may be busy with other work. */
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
/** How long each test file takes where it passes; `Infinity` where it fails. */
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

/** What git knows of the tree, as it is now. */
async function copyOfTree(): Promise<string> {
  const target = await mkdtemp(path.join(os.tmpdir(), 'chorus-mutate-'));
  const { stdout } = await execa(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
    { cwd: repositoryRoot },
  );
  for (const file of stdout.split('\0').filter((name) => name !== '' && !name.startsWith('docs/images/'))) {
    await cp(path.join(repositoryRoot, file), path.join(target, file)).catch((error: NodeJS.ErrnoException) => {
      // Removed, and not committed yet.
      if (error.code !== 'ENOENT') throw error;
    });
  }
  for (const name of ['node_modules', '.cache'])
    await symlink(path.join(repositoryRoot, name), path.join(target, name));
  return target;
}

async function tryMutation({ file, find, replacement, tests }: Mutation): Promise<Verdict> {
  const target = path.join(folder, file);
  const text = await readFile(target, 'utf8');
  if (text.split(find).length !== 2) return 'stale';
  // A test that fails anyway would notice everything.
  const passing: string[] = [];
  for (const test of tests) if (await passesNow(test)) passing.push(test);
  if (passing.length === 0) throw new Error(`No test of ${file} passes before anything is changed`);
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

/** One that fails before anything is changed is told of, and left out. */
async function passesNow(test: string): Promise<boolean> {
  const known = passesMs.get(test);
  if (known !== undefined) return known < Infinity;
  const begun = performance.now();
  const failure = await failureOf(test, 20 * STANDSTILL_MS);
  if (failure !== undefined) console.error(`${test} is left out, it fails before anything is changed:\n${failure}`);
  passesMs.set(test, failure === undefined ? performance.now() - begun : Infinity);
  return failure === undefined;
}

/** What a test said that failed; `undefined`: it passed. */
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

/** The failed tests of a TAP report, with their errors. */
function failures(report: string): string {
  const lines = report.split('\n').filter((line) => /not ok|error:|expected:|actual:|Error/.test(line));
  return (lines.length > 0 ? lines : report.split('\n')).slice(-MAX_SHOWN_LINES).join('\n');
}

/** Another one where the file or a test changed: what was found before holds no more. */
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
