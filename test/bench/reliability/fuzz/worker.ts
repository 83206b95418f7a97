/** Runs one target's inputs one after the other. Its parent watches this thread and may end it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Random } from './random.ts';
import { targets, type TargetName } from './targets.ts';

export interface FuzzWork {
  readonly target: TargetName;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** The number of the current input. */
  readonly current: SharedArrayBuffer;
}

/** The results after some more inputs. */
export interface FuzzProgress {
  readonly done: number;
  readonly accepted: number;
  readonly slowestMs: number;
  readonly slowestInput: number;
  readonly failures: readonly string[];
}

const REPORT_EVERY = 2_000;
/** V8 keeps all targets of weak references until the event loop's turn ends. jsdom makes such references. */
const RUNS_OF_A_TURN = 50;
/** A slower input is tried again, since other processes may have used the processor. */
const SLOW_MS = 20;
const TRIES = 3;

const { target: name, seed, from, to, current } = workerData as FuzzWork;
const index = new Int32Array(current);
const target = await targets[name]();
let accepted = 0;
let slowestMs = 0;
let slowestInput = from;
let failures: string[] = [];
let strayError: Error | undefined;
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(
    event,
    (error: unknown) => (strayError = error instanceof Error ? error : new Error('the thrown value is no error')),
  );

for (let input = from; input < to; input++) {
  Atomics.store(index, 0, input);
  await runInput(input);
  if ((input + 1 - from) % REPORT_EVERY === 0 || input + 1 === to) report(input + 1);
  if ((input + 1) % RUNS_OF_A_TURN === 0) await nextTurn();
}
await target.close?.();

async function runInput(input: number): Promise<void> {
  const value = target.make(new Random(seed + input));
  const time = stopwatch();
  try {
    const taken = target.run(value);
    if (taken instanceof Promise ? await taken : taken) accepted++;
  } catch (error) {
    failures.push(`run ${input}: ${String((error as Error).stack ?? error).slice(0, 600)}`);
  }
  if (strayError !== undefined) {
    failures.push(`run ${input}, unhandled: ${String(strayError.stack).slice(0, 600)}`);
    strayError = undefined;
  }
  const ms = time();
  if (ms > Math.max(SLOW_MS, slowestMs)) await timeAgain(input, ms);
  else if (ms > slowestMs) [slowestMs, slowestInput] = [ms, input];
}

/**
 * Returns a stopwatch. Its milliseconds are the thread's own computing time if other processes used the processor
 * meanwhile.
 */
function stopwatch(): () => number {
  const begun = performance.now();
  const usage = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(usage);
    return Math.min(performance.now() - begun, (user + system) / 1_000);
  };
}

async function timeAgain(input: number, firstMs: number): Promise<void> {
  let shortestMs = firstMs;
  for (let round = 0; round < TRIES && shortestMs > slowestMs; round++) {
    const value = target.make(new Random(seed + input));
    const time = stopwatch();
    // The first try reported its failure.
    await (async () => target.run(value))().catch(() => false);
    shortestMs = Math.min(shortestMs, time());
  }
  if (shortestMs > slowestMs) [slowestMs, slowestInput] = [shortestMs, input];
}

function report(done: number): void {
  parentPort?.postMessage({ done, accepted, slowestMs, slowestInput, failures } satisfies FuzzProgress);
  accepted = 0;
  failures = [];
}
