import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import lockfile from 'proper-lockfile';
import { repositoryRoot, type Origin } from '../report.ts';

/** The file with the outcomes of all runs, from which `docs/results/reliability.md` is made. */
export const OUTCOMES_FILE = path.join(repositoryRoot, 'docs', 'results', 'reliability.json');

/** The tried inputs of one target. Runs with the same seed continue where the last one ended. */
export interface FuzzOutcome extends Origin {
  /** The target in a few words. */
  readonly title: string;
  readonly command: string;
  readonly seed: number;
  readonly inputs: number;
  /** The number of inputs to try, if it is not a million. */
  readonly goalInputs?: number;
  /** The accepted inputs. The others were refused with the module's own error. */
  readonly accepted: number;
  /** Exceptions of another class, and processes that died. */
  readonly crashes: number;
  /** Inputs that took longer than the limit of a hang. */
  readonly hangs: number;
  readonly slowestMs: number;
  /** The first failures: the input and the error. */
  readonly failures: readonly string[];
}

/** A fault at a step of the work, the number of tries, and the number of tries that met all conditions. */
export interface FaultCell extends Origin {
  readonly step: string;
  readonly fault: string;
  readonly command: string;
  readonly tried: number;
  readonly passed: number;
  /** The first violated conditions. */
  readonly failures: readonly string[];
}

/**
 * Times of one kind of requests. Each bucket is a tenth larger than the one before, so that buckets of several runs can
 * be added.
 */
export type LatencyBuckets = Readonly<Record<string, number>>;

export interface ProcessLife {
  readonly startMinute: number;
  /** The resident memory, once a minute. */
  readonly residentMebibytes: readonly number[];
}

export interface SoakOutcome extends Origin {
  /** The name of the run. A later state of the run replaces the earlier one. */
  readonly id: string;
  readonly command: string;
  readonly model: string;
  readonly hours: number;
  readonly clients: number;
  readonly actions: Readonly<Record<string, number>>;
  /** Times of requests that no fault disturbed, by action. */
  readonly latencies: Readonly<Record<string, LatencyBuckets>>;
  readonly faults: readonly SoakFault[];
  readonly restarts: { readonly front: number; readonly engine: number; readonly unexpected: number };
  readonly orphans: number;
  /** Samples with two fronts at once. */
  readonly twoFronts: number;
  readonly wrongAnswers: readonly string[];
  readonly comparedAnswers: number;
  /** Requests without an answer within the limit, although there was no fault. */
  readonly unanswered: number;
  /** Errors that no fault explains. */
  readonly unexpectedErrors: Readonly<Record<string, number>>;
  readonly frontLives: readonly ProcessLife[];
  readonly engineLives: readonly ProcessLife[];
  readonly descriptors: { readonly front: readonly number[]; readonly engine: readonly number[] };
  /** The share of one core that all processes of the run used. */
  readonly processorShare: number;
}

export interface SoakFault {
  readonly kind: string;
  readonly minute: number;
  /** The time from the fault's end to the first right answer, or null if none came within the limit. */
  readonly recoveredMs: number | null;
}

/** Lines that were changed one at a time, and the changes that no test noticed. */
export interface MutationOutcome extends Origin {
  readonly command: string;
  readonly tried: number;
  readonly killed: number;
  /** "FILE: BEFORE → AFTER" */
  readonly survivors: readonly string[];
}

export interface Outcomes {
  /** By the target's name. */
  readonly fuzz: Readonly<Record<string, FuzzOutcome>>;
  /** By step and fault: "load, kill -9". */
  readonly faults: Readonly<Record<string, FaultCell>>;
  readonly soak: readonly SoakOutcome[];
  /** The outcome of the last run. */
  readonly mutations?: MutationOutcome | undefined;
}

/** Reads all outcomes. Throws if the file is no JSON. */
export async function readOutcomes(file = OUTCOMES_FILE): Promise<Outcomes> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  return { fuzz: {}, faults: {}, soak: [], ...(JSON.parse(text) as Partial<Outcomes>) };
}

/** A process on a busy machine may renew its lock late. A lock that nobody renewed for this time counts as left. */
const STALE_LOCK_MS = 10 * 60_000;

/** Changes the outcomes. Several processes may do so at once. */
export async function changeOutcomes(change: (outcomes: Outcomes) => Outcomes, file = OUTCOMES_FILE): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const release = await lockfile.lock(file, {
    realpath: false,
    stale: STALE_LOCK_MS,
    retries: { retries: 100, maxTimeout: 1_000 },
  });
  try {
    // Stacks of errors name the checkout's folder, which tells nothing elsewhere.
    const text = formatted(change(await readOutcomes(file))).replaceAll(`${repositoryRoot}${path.sep}`, '');
    const written = `${file}.${process.pid}.new`;
    await writeFile(written, text);
    await rename(written, file);
  } finally {
    await release();
  }
}

export const addFuzz = (target: string, outcome: FuzzOutcome, file?: string): Promise<void> =>
  changeOutcomes((outcomes) => ({ ...outcomes, fuzz: { ...outcomes.fuzz, [target]: outcome } }), file);

export const addFaultCell = (cell: FaultCell, file?: string): Promise<void> =>
  changeOutcomes(
    (outcomes) => ({ ...outcomes, faults: { ...outcomes.faults, [`${cell.step}, ${cell.fault}`]: cell } }),
    file,
  );

export const addSoak = (outcome: SoakOutcome, file?: string): Promise<void> =>
  changeOutcomes(
    (outcomes) => ({ ...outcomes, soak: [...outcomes.soak.filter(({ id }) => id !== outcome.id), outcome] }),
    file,
  );

export const setMutations = (outcome: MutationOutcome, file?: string): Promise<void> =>
  changeOutcomes((outcomes) => ({ ...outcomes, mutations: outcome }), file);

/** Returns the outcomes of both. If both have the same one, the second counts. */
export function mergeOutcomes(first: Outcomes, second: Outcomes): Outcomes {
  const ids = new Set(second.soak.map(({ id }) => id));
  return {
    fuzz: { ...first.fuzz, ...second.fuzz },
    faults: { ...first.faults, ...second.faults },
    soak: [...first.soak.filter(({ id }) => !ids.has(id)), ...second.soak],
    mutations: second.mutations ?? first.mutations,
  };
}

/** Formats lists of numbers on one line each. */
function formatted(outcomes: Outcomes): string {
  const text = JSON.stringify(outcomes, undefined, 2).replace(/\[[\d.,\s-]+\]/g, (list) => list.replace(/\s+/g, ' '));
  return `${text}\n`;
}
