import { MIN_MINUTES, WARM_UP_MINUTES, meanGrowth } from './soak/growth.ts';
import { addBuckets, countOf, quantileMs } from './soak/latencies.ts';
import type { Origin } from '../report.ts';
import type { FaultCell, FuzzOutcome, MutationOutcome, Outcomes, SoakOutcome } from './outcomes.ts';

const GOAL_INPUTS = 1_000_000;
const GOAL_SLOWEST_MS = 1_000;
const GOAL_GROWTH = 1;
const GOAL_HOURS = 8;

/** The page's text, of what all runs gave. */
export function reliabilityPage(outcomes: Outcomes): string {
  const parts = [
    '# Reliability',
    'What happens with input that nobody should send, with faults at every step, and after hours. Outcomes of each run are kept in `reliability.json`; `npx tsx test/bench/reliability.ts` makes this page of them.',
    fuzzPart(Object.values(outcomes.fuzz)),
    faultPart(Object.values(outcomes.faults)),
    soakPart(outcomes.soak),
    mutationPart(outcomes.mutations),
    originPart(outcomes),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function fuzzPart(targets: readonly FuzzOutcome[]): string {
  if (targets.length === 0) return '';
  const rows = targets.map(
    ({ title, inputs, goalInputs = GOAL_INPUTS, accepted, crashes, hangs, slowestMs }) =>
      `| ${title} | ${count(inputs)} | ${count(accepted)} | ${crashes} | ${hangs} | ${seconds(slowestMs)} | ${yesNo(inputs >= goalInputs && crashes === 0 && hangs === 0 && slowestMs <= GOAL_SLOWEST_MS)} |`,
  );
  return `## Random inputs

Samples of real inputs are changed at random: values, keys, structure, bytes, sizes; a seed makes the same ones again. A crash is an exception that is not the module's own, a process or thread that ends, or
something that does not hold afterwards (a damaged context that is taken, a file outside its folder, an active element in the panel, a next request that is not answered). Times are those of the
processor where other processes had it meanwhile; the slowest input is timed again, and its shortest time counts. The goal: ${count(GOAL_INPUTS)} inputs of each, 50,000 of those that libllama loads, none of which crashes or hangs, the slowest within ${GOAL_SLOWEST_MS / 1000} s.

| what | inputs | taken | crashes | hangs | slowest | goal met |
|---|---:|---:|---:|---:|---:|---|
${rows.join('\n')}${failures(targets.map(({ title, failures: texts }) => [title, texts] as const))}`;
}

function faultPart(cells: readonly FaultCell[]): string {
  if (cells.length === 0) return '';
  const steps = [...new Set(cells.map(({ step }) => step))];
  const faults = [...new Set(cells.map(({ fault }) => fault))];
  const cellOf = (step: string, fault: string): string => {
    const cell = cells.find((each) => each.step === step && each.fault === fault);
    return cell ? `${cell.passed} of ${cell.tried}` : '';
  };
  const tried = cells.reduce((sum, cell) => sum + cell.tried, 0);
  const passed = cells.reduce((sum, cell) => sum + cell.passed, 0);
  return `## Faults at each step

How often all of it held: the next start within 10 s, one sidecar, no orphan, no wrong answer, a message that names the cause. ${count(passed)} of ${count(tried)} tries passed, in ${cells.length} cells.

| step | ${faults.join(' | ')} |
|---|${faults.map(() => '---:').join('|')}|
${steps.map((step) => `| ${step} | ${faults.map((fault) => cellOf(step, fault)).join(' | ')} |`).join('\n')}${failures(cells.map(({ step, fault, failures: texts }) => [`${step}, ${fault}`, texts] as const))}`;
}

function soakPart(runs: readonly SoakOutcome[]): string {
  if (runs.length === 0) return '';
  const sum = (value: (run: SoakOutcome) => number): number => runs.reduce((total, run) => total + value(run), 0);
  const hours = sum((run) => run.hours);
  const front = meanGrowth(runs.flatMap(({ frontLives }) => frontLives));
  const engine = meanGrowth(runs.flatMap(({ engineLives }) => engineLives));
  const actions = [...new Set(runs.flatMap(({ latencies }) => Object.keys(latencies)))].map(
    (action) => [action, addBuckets(runs.map(({ latencies }) => latencies[action] ?? {}))] as const,
  );
  const kinds = [...new Set(runs.flatMap(({ faults }) => faults.map(({ kind }) => kind)))].sort();
  const errors = Object.entries(
    Object.fromEntries(runs.flatMap(({ unexpectedErrors }) => Object.entries(unexpectedErrors))),
  );
  const rows = [
    ['hours in all', `${hours.toFixed(1)} (goal ${GOAL_HOURS})`],
    [
      'requests and other actions',
      count(sum((run) => Object.values(run.actions).reduce((total, each) => total + each, 0))),
    ],
    [
      'faults, and those after which a right answer came',
      `${sum((run) => run.faults.length)}, ${sum((run) => run.faults.filter(({ recoveredMs }) => recoveredMs !== null).length)}`,
    ],
    [
      'answers at temperature 0 compared with the first ones, and wrong',
      `${count(sum((run) => run.comparedAnswers))}, ${sum((run) => run.wrongAnswers.length)}`,
    ],
    ['requests without an answer', String(sum((run) => run.unanswered))],
    [
      'errors that no fault explains',
      String(sum((run) => Object.values(run.unexpectedErrors).reduce((total, each) => total + each, 0))),
    ],
    [
      'restarts of the front, of the engine, and those without a fault',
      `${sum((run) => run.restarts.front)}, ${sum((run) => run.restarts.engine)}, ${sum((run) => run.restarts.unexpected)}`,
    ],
    ['orphans; times with two fronts', `${sum((run) => run.orphans)}; ${sum((run) => run.twoFronts)}`],
    [`growth of the front, MiB an hour (goal below ${GOAL_GROWTH})`, growthText(front)],
    ['growth of the engine, MiB an hour', growthText(engine)],
    [
      'descriptors of the front, of the engine, at most',
      `${mostOf(runs.flatMap(({ descriptors }) => descriptors.front))}, ${mostOf(runs.flatMap(({ descriptors }) => descriptors.engine))}`,
    ],
    ['of one core', `${Math.round((sum((run) => run.processorShare * run.hours) / hours) * 100)} %`],
  ];
  return `## Hours of use

Four clients of one sidecar, with a real model or a small random one (the last table says which), type, chat, replace words everywhere, go from file to file, forget their workspaces and open their windows again, with pauses so that the run takes a small share of a core; other work
shared the machine. A random fault comes every ten minutes. Growth is a line of least squares through the resident memory of each process that lived at least ${MIN_MINUTES} minutes after its first ${WARM_UP_MINUTES}, weighted by
how long. Times are of requests that no fault met.

| | |
|---|---:|
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}

| request | times | median | p99 |
|---|---:|---:|---:|
${actions.map(([action, buckets]) => `| ${action} | ${count(countOf(buckets))} | ${seconds(quantileMs(buckets, 0.5))} | ${seconds(quantileMs(buckets, 0.99))} |`).join('\n')}

| fault | times | right answer after it ended: median | at most |
|---|---:|---:|---:|
${kinds.map((kind) => faultRow(kind, runs)).join('\n')}${failures([
    ['Wrong answers', runs.flatMap(({ wrongAnswers }) => wrongAnswers)],
    ['Errors', errors.map(([text, times]) => `${text} (${times})`)],
  ])}`;
}

function mutationPart(outcome: MutationOutcome | undefined): string {
  if (!outcome) return '';
  const { tried, killed, survivors } = outcome;
  return `## Mistakes in one line

Lines where a mistake would hurt (secrets, bounds, names of kept contexts, offsets) are changed one at a time in a copy of the tree, and the tests that ought to notice run. ${count(killed)} of ${count(tried)} changes are noticed.${failures([['Not noticed', survivors]])}`;
}

function faultRow(kind: string, runs: readonly SoakOutcome[]): string {
  const times = runs
    .flatMap(({ faults }) => faults.filter((fault) => fault.kind === kind))
    .map(({ recoveredMs }) => recoveredMs ?? Infinity)
    .sort((first, second) => first - second);
  const shown = (ms: number): string => (ms === Infinity ? 'never' : seconds(ms));
  return `| ${kind} | ${times.length} | ${shown(times[(times.length - 1) >> 1] ?? 0)} | ${shown(times.at(-1) ?? 0)} |`;
}

function originPart({ fuzz, faults, soak, mutations }: Outcomes): string {
  const all: readonly (Origin & { readonly command: string; readonly model?: string; readonly hours?: number })[] = [
    ...Object.values(fuzz),
    ...Object.values(faults),
    ...soak,
    ...(mutations ? [mutations] : []),
  ];
  const rows = [
    ...new Set(
      all.map(
        ({ command, date, commit, machine, node, model, hours }) =>
          `| \`${command}\`${hours === undefined ? '' : `, ${hours.toFixed(1)} h`} | ${date} | ${commit} | ${machine} | ${node} | ${model ?? ''} |`,
      ),
    ),
  ];
  return `## Where the figures come from

| command | date | commit | machine | node | model |
|---|---|---|---|---|---|
${rows.join('\n')}`;
}

/** The first of what went wrong, one line each. */
function failures(groups: readonly (readonly [string, readonly string[]])[]): string {
  const lines = groups.flatMap(([group, texts]) =>
    texts.slice(0, 3).map((text) => `- ${group}: \`${text.split('\n')[0]?.replaceAll('`', "'").slice(0, 300)}\``),
  );
  return lines.length === 0 ? '' : `\n\nWhat failed:\n\n${lines.join('\n')}`;
}

const growthText = ({
  perHour,
  hours,
  lives,
}: {
  readonly perHour: number;
  readonly hours: number;
  readonly lives: number;
}): string =>
  lives === 0 ? 'no life was long enough' : `${perHour.toFixed(2)}, over ${hours.toFixed(1)} h of ${lives} lives`;
const mostOf = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);
const count = (value: number): string => value.toLocaleString('en');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 1_000 ? 3 : 1)} s`;
const yesNo = (is: boolean): string => (is ? 'yes' : 'no');
