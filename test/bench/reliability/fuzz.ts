/**
 * Tests code for external input with random inputs: files, frames, servers' answers.
 *
 *   npx tsx test/bench/reliability/fuzz.ts TARGET [--count 1000000] [--seed 1] [--only RUN] [--outcomes FILE]
 *     [--fresh]
 *
 * TARGET: frames, events, cache, catalogue, markdown, gguf. A run continues where the last one of its seed ended.
 * `--only` repeats a single run. Outcomes are added to `docs/results/reliability.json`, from which `npx tsx
 * test/bench/reliability.ts` makes the page.
 */
import { build } from 'esbuild';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { originOfRun, repositoryRoot } from '../report.ts';
import type { FuzzProgress, FuzzWork } from './fuzz/worker.ts';
import { Random } from './fuzz/random.ts';
import { targets, type TargetName } from './fuzz/targets.ts';
import { addFuzz, readOutcomes, type FuzzOutcome } from './outcomes.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    outcomes: { type: 'string' },
    fresh: { type: 'boolean', default: false },
  },
});
/**
 * A thread hangs if it computes longer than this on one input, or waits longer. The limit of the wait is higher, since
 * other work may use the processor meanwhile.
 */
const HANG_PROCESSOR_MS = 30_000;
const HANG_WAIT_MS = 15 * 60_000;
const HEAP_MEBIBYTES = 1_024;
const NOT_BEGUN = -1;
const SAVE_EVERY = 20_000;
const MAX_FAILURES = 20;

const name = positionals[0] as TargetName;
if (!(name in targets))
  throw new Error(`There is no target ${String(positionals[0])}, expected one of ${Object.keys(targets).join(', ')}`);
const count = Number(options.count);
const seed = Number(options.seed);
/** Bundles the thread's code, since threads do not run TypeScript. */
const bundle = path.join(repositoryRoot, '.cache', `fuzz-${name}-${process.pid}.mjs`);

if (options.only === undefined) await fuzz();
else await runOnly(Number(options.only));

async function fuzz(): Promise<void> {
  const target = await targets[name]();
  const { title, inputsAtOnce = 1 } = target;
  await target.close?.();
  const fresh: FuzzOutcome = {
    ...(await originOfRun()),
    title,
    command: `npx tsx test/bench/reliability/fuzz.ts ${name} --count ${count} --seed ${seed}`,
    seed,
    inputs: 0,
    accepted: 0,
    crashes: 0,
    hangs: 0,
    slowestMs: 0,
    failures: [],
  };
  const kept = (await readOutcomes(options.outcomes)).fuzz[name];
  let outcome =
    kept?.seed === seed && !options.fresh ? { ...fresh, ...kept, commit: fresh.commit, command: fresh.command } : fresh;
  let saved = outcome.inputs;
  const banner = {
    js: "import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);",
  };
  await build({
    entryPoints: [fileURLToPath(new URL('./fuzz/worker.ts', import.meta.url))],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner,
    external: ['jsdom', 'koffi', 'node-llama-cpp'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  while (outcome.inputs < count) {
    outcome = await runThread(outcome, inputsAtOnce, async (next) => {
      outcome = next;
      if (next.inputs - saved < SAVE_EVERY) return;
      saved = next.inputs;
      console.log(
        `${name}: ${next.inputs} inputs, ${next.accepted} accepted, ${next.crashes} crashes, ${next.hangs} hangs, slowest ${next.slowestMs.toFixed(1)} ms`,
      );
      await addFuzz(name, next, options.outcomes);
    });
  }
  await rm(bundle, { force: true });
  await addFuzz(name, outcome, options.outcomes);
  console.log(JSON.stringify(outcome, undefined, 2));
  process.exit(outcome.crashes + outcome.hangs > 0 ? 1 : 0);
}

/** Runs until all inputs are done, or until an input ended the thread or hung. */
async function runThread(
  start: FuzzOutcome,
  inputsAtOnce: number,
  onProgress: (outcome: FuzzOutcome) => Promise<void>,
): Promise<FuzzOutcome> {
  const current = new SharedArrayBuffer(4);
  const index = new Int32Array(current).fill(NOT_BEGUN);
  const workerData: FuzzWork = {
    target: name,
    seed,
    from: start.inputs / inputsAtOnce,
    to: Math.ceil(count / inputsAtOnce),
    current,
  };
  const thread = new Worker(bundle, {
    workerData,
    execArgv: ['--enable-source-maps'],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEBIBYTES },
  });
  let outcome = start;
  let death: Error | undefined;
  let saving = Promise.resolve();
  thread.on('message', (progress: FuzzProgress) => {
    outcome = added(outcome, progress, inputsAtOnce);
    const state = outcome;
    saving = saving.then(() => onProgress(state));
  });
  thread.on('error', (error) => (death = error));
  const hang = watch(index, () => thread.terminate());
  await new Promise((resolve) => thread.once('exit', resolve));
  await saving;
  const hung = hang.stop();
  if (hung !== undefined) return failed(outcome, (hung + 1) * inputsAtOnce, 'hang', `run ${hung} hangs`);
  const run = Atomics.load(index, 0);
  if (run === NOT_BEGUN) throw death ?? new Error('The thread ended before its first run.');
  if (death ?? run + 1 < workerData.to)
    return failed(
      outcome,
      (run + 1) * inputsAtOnce,
      'crash',
      `run ${run} ended the thread: ${death?.message ?? 'without an error'}`,
    );
  return outcome;
}

function watch(index: Int32Array, end: () => Promise<number>): { stop(): number | undefined } {
  let last = -1;
  let since = performance.now();
  let usage = process.cpuUsage();
  let hung: number | undefined;
  const timer = setInterval(() => {
    const now = Atomics.load(index, 0);
    const { user, system } = process.cpuUsage(usage);
    if (now !== last || now === NOT_BEGUN) [last, since, usage] = [now, performance.now(), process.cpuUsage()];
    else if ((user + system) / 1_000 > HANG_PROCESSOR_MS || performance.now() - since > HANG_WAIT_MS) {
      hung ??= now;
      end().catch(() => undefined);
    }
  }, 500);
  return {
    stop: () => {
      clearInterval(timer);
      return hung;
    },
  };
}

function added(
  outcome: FuzzOutcome,
  { done, accepted, slowestMs, slowestInput, failures }: FuzzProgress,
  inputsAtOnce: number,
): FuzzOutcome {
  for (const failure of failures) console.error(failure);
  if (slowestMs > Math.max(outcome.slowestMs, 100)) console.log(`run ${slowestInput} took ${slowestMs.toFixed(1)} ms`);
  return {
    ...outcome,
    inputs: done * inputsAtOnce,
    accepted: outcome.accepted + accepted * inputsAtOnce,
    crashes: outcome.crashes + failures.length,
    slowestMs: Math.round(Math.max(outcome.slowestMs, slowestMs) * 10) / 10,
    failures: [...outcome.failures, ...failures].slice(0, MAX_FAILURES),
  };
}

/** Counts the run that ended its thread, and the runs since the last report. The next thread begins after it. */
function failed(outcome: FuzzOutcome, inputs: number, kind: 'crash' | 'hang', text: string): FuzzOutcome {
  console.error(text);
  return {
    ...outcome,
    inputs,
    crashes: outcome.crashes + Number(kind === 'crash'),
    hangs: outcome.hangs + Number(kind === 'hang'),
    failures: [...outcome.failures, text].slice(0, MAX_FAILURES),
  };
}

async function runOnly(input: number): Promise<void> {
  const target = await targets[name]();
  const value = target.make(new Random(seed + input));
  console.log(JSON.stringify(value)?.slice(0, 4_000));
  const begun = performance.now();
  console.log('accepted:', await target.run(value), `${(performance.now() - begun).toFixed(1)} ms`);
  await target.close?.();
}
