import { strangers } from './agreement.ts';
import { DISTURBING_SHARE } from './otherLoad.ts';
import type { ExtraRow, Kept, SpeedRow } from './rows.ts';
import type { Variant } from './variants.ts';

interface SpeedGoal {
  readonly test: 'prompt' | 'decode';
  readonly depth: number;
  readonly variant: Variant;
  /** The least ratios of Chorus's tokens per second to the peers'. */
  readonly libllama: number;
  readonly ik: number;
}

const SPEED_GOALS: readonly SpeedGoal[] = [
  { test: 'prompt', depth: 0, variant: 'best', libllama: 2, ik: 1.3 },
  { test: 'prompt', depth: 0, variant: 'avx2', libllama: 1.6, ik: 1 },
  { test: 'prompt', depth: 4_096, variant: 'best', libllama: 1.8, ik: 1.2 },
  { test: 'decode', depth: 0, variant: 'best', libllama: 1.6, ik: 1 },
  { test: 'decode', depth: 4_096, variant: 'best', libllama: 2, ik: 1.3 },
];
/** The most of libllama's time from the start of a process to the first token, for models of half a billion weights. */
const START_RATIO = 0.6;
const START_MODELS = /0\.5B/;
/** The longest time from a completion's request to its first token, for the bundled model. */
const FIRST_TOKEN_MS = 900;
const FIRST_TOKEN_MODELS = /^Chorus-0\.5B/;

/** A line of the table of goals. */
export interface GoalLine {
  readonly what: string;
  readonly variant: Variant;
  readonly model: string;
  readonly threads: number;
  readonly goal: string;
  readonly measured: string;
  /** A row that other processes disturbed neither meets nor misses a goal. */
  readonly verdict: 'met' | 'missed' | 'disturbed';
}

/** Returns a line for each goal and each row that was measured for it. */
export function goalLines(kept: Kept): readonly GoalLine[] {
  return [
    ...SPEED_GOALS.flatMap((goal) => kept.speeds.filter((row) => isOf(goal, row)).flatMap((row) => linesOf(goal, row))),
    ...kept.extras.flatMap(extraLines),
  ];
}

function isOf({ test, depth, variant }: SpeedGoal, row: SpeedRow): boolean {
  return row.test === test && row.depth === depth && row.variant === variant;
}

function linesOf(goal: SpeedGoal, row: SpeedRow): readonly GoalLine[] {
  const { model, threads, variant, ratios } = row;
  const wrong = strangers(row.agreement);
  // A wrong result has no speed.
  if (wrong.includes('chorus')) return [];
  // The faster of libllama's two settings counts.
  const overLibllama = [ratios.libllama, ratios['libllama-plain']].flatMap((ratio) => ratio?.elapsed ?? []);
  const line = (peer: string, least: number, measured: readonly number[]): readonly GoalLine[] =>
    measured.length === 0
      ? []
      : [
          {
            what: `${goal.test} at ${goal.depth.toLocaleString('en')}, ${peer}`,
            ...{ variant, model, threads },
            goal: `≥ ${least.toFixed(1)}`,
            measured: Math.min(...measured).toFixed(2),
            verdict: row.otherShare > DISTURBING_SHARE ? 'disturbed' : verdict(Math.min(...measured) >= least),
          },
        ];
  return [
    ...line('chorus / libllama', goal.libllama, overLibllama),
    ...line('chorus / ik_llama.cpp', goal.ik, ratios.ik && !wrong.includes('ik') ? [ratios.ik.elapsed] : []),
  ];
}

const verdict = (isMet: boolean): GoalLine['verdict'] => (isMet ? 'met' : 'missed');

function extraLines(row: ExtraRow): readonly GoalLine[] {
  const { model, threads, variant } = row;
  if (variant !== 'best') return [];
  if (row.test === 'start' && START_MODELS.test(model))
    return [
      {
        what: 'start to first token, chorus / libllama',
        ...{ variant, model, threads },
        goal: `≤ ${START_RATIO}`,
        measured: row.ratio.toFixed(2),
        verdict: verdict(row.ratio <= START_RATIO),
      },
    ];
  if (row.test === 'first-token' && FIRST_TOKEN_MODELS.test(model))
    return [
      {
        what: 'completion to first token',
        ...{ variant, model, threads },
        goal: `≤ ${FIRST_TOKEN_MS / 1000} s`,
        measured: `${(row.elapsedMs / 1000).toFixed(2)} s`,
        verdict: verdict(row.elapsedMs <= FIRST_TOKEN_MS),
      },
    ];
  return [];
}
