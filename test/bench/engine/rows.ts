import type { Origin } from '../report.ts';
import { median } from '../statistics.ts';
import type { Processor } from './processor.ts';
import type { SpentByEngine } from './turns.ts';
import type { EngineName, Variant } from './variants.ts';

/** The engines' work of a row. `busy` decodes while every core is busy with other work. */
export type Test = 'prompt' | 'decode' | 'busy';

/** The model, threads and instructions of a figure. */
export interface Case {
  readonly model: string;
  readonly threads: number;
  readonly variant: Variant;
}

/** The place and time of a measurement. */
export interface Provenance {
  readonly processor: Processor;
  readonly date: string;
  readonly commit: string;
  readonly rounds: number;
}

/** Tokens per second, medians of the rounds. */
interface Speed {
  readonly perSecond: number;
  readonly perProcessorSecond: number;
}

/** The medians of the rounds' ratios: Chorus's speed over the other engine's. */
interface Ratio {
  readonly elapsed: number;
  readonly processor: number;
}

export interface SpeedRow extends Case, Provenance {
  readonly test: Test;
  readonly depth: number;
  readonly speeds: Partial<Record<EngineName, Speed>>;
  readonly ratios: Partial<Record<EngineName, Ratio>>;
  /** The reasons of empty cells. */
  readonly absent: Partial<Record<EngineName, string>>;
  readonly libraries: Partial<Record<EngineName, readonly string[]>>;
  /** The correlation of each engine's logits with libllama's behind a prompt. */
  readonly agreement: Partial<Record<EngineName, number>>;
  /** The tokens that an engine decoded before the next had its turn. */
  readonly sliceTokens: number;
  /** See `OtherLoad`. */
  readonly otherShare: number;
  /** See `Turns.waitingShare`. */
  readonly waitingShare: number;
}

/** A figure of a model besides its speeds. */
export type Extra =
  /** From the start of a process to the first token, in milliseconds, with the median of the rounds' ratios. */
  | { readonly test: 'start'; readonly chorusMs: number; readonly libllamaMs: number; readonly ratio: number }
  /** From a completion's request to its first token. */
  | { readonly test: 'first-token'; readonly elapsedMs: number }
  /** The memory of a process with a filled context. */
  | ({ readonly test: 'memory' } & Memory)
  | { readonly test: 'drafting'; readonly plain: number; readonly drafted: number; readonly speedUp: number };
export interface Memory {
  readonly residentBytes: number;
  readonly weightBytes: number;
  readonly cacheBytes: number;
}
export type ExtraRow = Case & Provenance & Extra;

/** All figures of the page. */
export interface Kept {
  readonly speeds: readonly SpeedRow[];
  readonly extras: readonly ExtraRow[];
}

/** Returns what is kept with every row. */
export function provenanceOf(processor: Processor, { date, commit }: Origin, rounds: number): Provenance {
  return { processor, date, commit, rounds };
}

/** Computes the medians of rounds in which each engine evaluated `count` tokens. Needs a round. */
export function compare(
  count: number,
  rounds: readonly SpentByEngine[],
): { readonly speeds: SpeedRow['speeds']; readonly ratios: SpeedRow['ratios'] } {
  const names = Object.keys(rounds[0] ?? {}) as EngineName[];
  // An engine that failed in a round has no figure.
  const whole = names.filter((name) => rounds.every((round) => round[name] !== undefined));
  const values = (name: EngineName, what: 'elapsedMs' | 'processorMs'): number[] =>
    rounds.map((round) => round[name]?.[what] ?? NaN);
  const speed = (milliseconds: readonly number[]): number => median(milliseconds.map((ms) => (count * 1000) / ms));
  const ratio = (name: EngineName, what: 'elapsedMs' | 'processorMs'): number => {
    const ours = values('chorus', what);
    return median(values(name, what).map((ms, round) => ms / (ours[round] as number)));
  };
  return {
    speeds: Object.fromEntries(
      whole.map((name) => [
        name,
        { perSecond: speed(values(name, 'elapsedMs')), perProcessorSecond: speed(values(name, 'processorMs')) },
      ]),
    ),
    ratios: Object.fromEntries(
      (whole.includes('chorus') ? whole : [])
        .filter((name) => name !== 'chorus')
        .map((name) => [name, { elapsed: ratio(name, 'elapsedMs'), processor: ratio(name, 'processorMs') }]),
    ),
  };
}

const keyOf = ({ model, threads, variant, test }: SpeedRow | ExtraRow, depth?: number): string =>
  JSON.stringify([model, threads, variant, test, depth]);

/** Adds the rows of a run. A row replaces the earlier row of the same model, threads, variant, test and depth. */
export function addRows(kept: Kept, added: Kept): Kept {
  return {
    speeds: [...new Map([...kept.speeds, ...added.speeds].map((row) => [keyOf(row, row.depth), row])).values()],
    extras: [...new Map([...kept.extras, ...added.extras].map((row) => [keyOf(row), row])).values()],
  };
}
