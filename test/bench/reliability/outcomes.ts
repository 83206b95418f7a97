import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import lockfile from 'proper-lockfile';
import { repositoryRoot, type Origin } from '../report.ts';

/** Where outcomes of all runs are kept, and `docs/results/reliability.md` is made from. */
export const OUTCOMES_FILE = path.join(repositoryRoot, 'docs', 'results', 'reliability.json');

/** Inputs of one kind that were tried; runs with the same seed go on where the last one ended. */
export interface FuzzOutcome extends Origin {
  /** What was fuzzed, in a few words. */
  readonly title: string;
  readonly command: string;
  readonly seed: number;
  readonly inputs: number;
  /** How many inputs are to be tried, where not a million. */
  readonly goalInputs?: number;
  /** Inputs that were taken; the others were refused with the module's own error. */
  readonly accepted: number;
  /** Exceptions of another class, and processes that died. */
  readonly crashes: number;
  /** Inputs that took longer than the limit of a hang. */
  readonly hangs: number;
  readonly slowestMs: number;
  /** The first of what went wrong: which input, and how. */
  readonly failures: readonly string[];
}

/** A fault at a step of the work: how often it was tried, and how often all held that must. */
export interface FaultCell extends Origin {
  readonly step: string;
  readonly fault: string;
  readonly command: string;
  readonly tried: number;
  readonly passed: number;
  /** The first of what did not hold. */
  readonly failures: readonly string[];
}

/** Time of one kind of requests. Buckets are a tenth apart, so that those of several runs can be added. */
export type LatencyBuckets = Readonly<Record<string, number>>;

export interface ProcessLife {
  readonly startMinute: number;
  /** Resident memory, once a minute. */
  readonly residentMebibytes: readonly number[];
}

export interface SoakOutcome extends Origin {
  /** Names the run: a later state of it takes the earlier one's place. */
  readonly id: string;
  readonly command: string;
  readonly model: string;
  readonly hours: number;
  readonly clients: number;
  readonly actions: Readonly<Record<string, number>>;
  /** Of requests that no fault disturbed, by action. */
  readonly latencies: Readonly<Record<string, LatencyBuckets>>;
  readonly faults: readonly SoakFault[];
  readonly restarts: { readonly front: number; readonly engine: number; readonly unexpected: number };
  readonly orphans: number;
  /** Samples with two fronts at once. */
  readonly twoFronts: number;
  readonly wrongAnswers: readonly string[];
  readonly comparedAnswers: number;
  /** Requests that got no answer within the limit, no fault being there. */
  readonly unanswered: number;
  /** Errors that no fault explains. */
  readonly unexpectedErrors: Readonly<Record<string, number>>;
  readonly frontLives: readonly ProcessLife[];
  readonly engineLives: readonly ProcessLife[];
  readonly descriptors: { readonly front: readonly number[]; readonly engine: readonly number[] };
  /** Of one core, of all processes of the run. */
  readonly processorShare: number;
}

export interface SoakFault {
  readonly kind: string;
  readonly minute: number;
  /** From the fault's end to the first right answer; null: none came within the limit. */
  readonly recoveredMs: number | null;
}

/** Lines that were changed one at a time, and those changes that no test noticed. */
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
  /** Of the last run. */
  readonly mutations?: MutationOutcome | undefined;
}

/** What is kept so far. Throws where the file is no JSON. */
export async function readOutcomes(file = OUTCOMES_FILE): Promise<Outcomes> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  return { fuzz: {}, faults: {}, soak: [], ...(JSON.parse(text) as Partial<Outcomes>) };
}

/** Changes what is kept; several processes may do so at once. */
export async function changeOutcomes(change: (outcomes: Outcomes) => Outcomes, file = OUTCOMES_FILE): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const release = await lockfile.lock(file, { realpath: false, retries: { retries: 20, maxTimeout: 1_000 } });
  try {
    const text = formatted(change(await readOutcomes(file)));
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
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

/** All of both; where both have one, the later file's. */
export function mergeOutcomes(first: Outcomes, second: Outcomes): Outcomes {
  const ids = new Set(second.soak.map(({ id }) => id));
  return {
    fuzz: { ...first.fuzz, ...second.fuzz },
    faults: { ...first.faults, ...second.faults },
    soak: [...first.soak.filter(({ id }) => !ids.has(id)), ...second.soak],
    mutations: second.mutations ?? first.mutations,
  };
}

/** Lists of numbers on one line each. */
function formatted(outcomes: Outcomes): string {
  const text = JSON.stringify(outcomes, undefined, 2).replace(/\[[\d.,\s-]+\]/g, (list) => list.replace(/\s+/g, ' '));
  return `${text}\n`;
}
