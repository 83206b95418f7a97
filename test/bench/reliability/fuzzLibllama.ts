/**
 * Damages models' headers at random. libllama loads those that the validator accepts and must not abort.
 *
 *   npx tsx test/bench/reliability/fuzzLibllama.ts [--count 50000] [--seed 1] [--outcomes FILE] [--fresh]
 *
 * Child processes load COUNT mutants that the validator accepts, so that an abort is counted and the run continues
 * after it. A run continues where the last one of its seed ended.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { originOfRun } from '../report.ts';
import { addFuzz, readOutcomes, type FuzzOutcome } from './outcomes.ts';

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    outcomes: { type: 'string' },
    fresh: { type: 'boolean', default: false },
  },
});
const NAME = 'libllama';
const GOAL_INPUTS = 50_000;
const count = Number(options.count);
const seed = Number(options.seed);
/** The mutants of one process. The memory that libllama leaks is freed with the process. */
const MUTANTS_PER_PROCESS = 2_000;
/**
 * A process hangs if it computes longer than this on one mutant, or stands still much longer. Other processes may use
 * the processor meanwhile.
 */
const HANG_COMPUTED_MS = 30_000;
const HANG_MS = 15 * 60_000;
const MAX_FAILURES = 20;

/** The progress report of `loadMutants.ts`. */
interface Progress {
  readonly input: number;
  readonly stage: string;
  readonly mutant: string;
  readonly passed: number;
  readonly loaded: number;
  readonly slowestMs: number;
}

/** The end of one process. */
interface Ended {
  readonly progress: Progress;
  readonly isHang: boolean;
  /** The last lines of its standard error. */
  readonly says: string;
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-fuzz-libllama-'));
try {
  await fuzz();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function fuzz(): Promise<void> {
  const kept = (await readOutcomes(options.outcomes)).fuzz[NAME] as LibllamaOutcome | undefined;
  const fresh: LibllamaOutcome = {
    ...(await originOfRun()),
    title: "models' headers that the validator takes, loaded by libllama",
    command: `npx tsx test/bench/reliability/fuzzLibllama.ts --count ${count} --seed ${seed}`,
    seed,
    goalInputs: GOAL_INPUTS,
    inputs: 0,
    accepted: 0,
    crashes: 0,
    hangs: 0,
    slowestMs: 0,
    failures: [],
    nextMutant: 0,
  };
  let outcome: LibllamaOutcome =
    kept?.seed === seed && !options.fresh ? { ...fresh, ...kept, commit: fresh.commit, command: fresh.command } : fresh;
  while (outcome.inputs < count) {
    outcome = added(
      outcome,
      await runProcess(outcome.nextMutant, outcome.nextMutant + MUTANTS_PER_PROCESS, count - outcome.inputs),
    );
    console.log(
      `${outcome.nextMutant} mutants, ${outcome.inputs} passed the validator, ${outcome.accepted} loaded, ${outcome.crashes} aborts, ${outcome.hangs} hangs, slowest ${outcome.slowestMs} ms`,
    );
    await addFuzz(NAME, outcome, options.outcomes);
  }
  console.log(JSON.stringify(outcome, undefined, 2));
  process.exitCode = outcome.crashes + outcome.hangs > 0 ? 1 : 0;
}

/** `inputs` are mutants that passed the validator. `accepted` are those of them that libllama loaded. */
interface LibllamaOutcome extends FuzzOutcome {
  /** The first mutant of the next run. */
  readonly nextMutant: number;
}

function added(outcome: LibllamaOutcome, { progress, isHang, says }: Ended): LibllamaOutcome {
  const { input, stage, mutant, passed, loaded, slowestMs } = progress;
  const isWhole = stage === 'end';
  const failure = `mutant ${input}, ${stage}: ${mutant}: ${isHang ? 'it hangs' : says}`;
  if (!isWhole) console.error(failure);
  return {
    ...outcome,
    inputs: outcome.inputs + passed,
    accepted: outcome.accepted + loaded,
    crashes: outcome.crashes + Number(!isWhole && !isHang),
    hangs: outcome.hangs + Number(isHang),
    slowestMs: Math.round(Math.max(outcome.slowestMs, slowestMs) * 10) / 10,
    failures: isWhole ? outcome.failures : [...outcome.failures, failure].slice(0, MAX_FAILURES),
    nextMutant: isWhole ? input : input + 1,
  };
}

/** Runs until all mutants were loaded, or until one aborted the process or hung. */
async function runProcess(from: number, to: number, mostPassed: number): Promise<Ended> {
  const progressFile = path.join(folder, 'progress.json');
  const script = fileURLToPath(new URL('./libllama/loadMutants.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', script, String(seed), String(from), String(to), String(mostPassed), progressFile],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, GGML_NO_BACKTRACE: '1' } },
  );
  let says = '';
  child.stderr.on('data', (chunk: Buffer) => (says = (says + chunk.toString('utf8')).slice(-400)));
  const read = async (): Promise<Progress> =>
    (JSON.parse(await readFile(progressFile, 'utf8').catch(() => 'null')) as Progress | null) ?? {
      input: from,
      stage: 'start',
      mutant: '',
      passed: 0,
      loaded: 0,
      slowestMs: 0,
    };
  let last = { mutant: '', at: 0, computedMs: 0 };
  let isHang = false;
  const watch = async (): Promise<void> => {
    const { input, stage } = await read();
    const now = {
      mutant: `${input} ${stage}`,
      at: performance.now(),
      computedMs: await computedMs(child.pid as number),
    };
    if (now.mutant !== last.mutant) last = now;
    else if (now.at - last.at > HANG_MS || now.computedMs - last.computedMs > HANG_COMPUTED_MS)
      isHang = child.kill('SIGKILL') || isHang;
  };
  const timer = setInterval(() => void watch().catch(() => undefined), 1_000);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (exitCode, exitSignal) => resolve([exitCode, exitSignal])),
  );
  clearInterval(timer);
  const progress = await read();
  if (progress.stage === 'start' || (code !== null && code !== 0))
    throw new Error(
      `The process that loads mutants ended with ${String(code ?? signal)} at mutant ${progress.input}: ${says}`,
    );
  return {
    progress,
    isHang,
    says: `${String(signal)}: ${says.trim().split('\n').at(-1) ?? ''}`.replace(/\S*\/llama\.cpp\//, ''),
  };
}

/**
 * Returns a process's processor time so far, which Linux reports in hundredths of a second. Returns 0 elsewhere, and
 * for a process that has ended.
 */
async function computedMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [user = 0, system = 0] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (user + system) * 10;
}
