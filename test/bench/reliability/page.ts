import { MIN_MINUTES, WARM_UP_MINUTES, meanGrowth } from './soak/growth.ts';
import { addBuckets, countOf, quantileMs } from './soak/latencies.ts';
import type { Origin } from '../report.ts';
import type { FaultCell, FuzzOutcome, MutationOutcome, Outcomes, SoakOutcome } from './outcomes.ts';

const GOAL_INPUTS = 1_000_000;
const GOAL_SLOWEST_MS = 1_000;
const GOAL_GROWTH = 1;
const GOAL_HOURS = 8;

/** Returns the page's text for the outcomes of all runs. */
export function reliabilityPage(outcomes: Outcomes): string {
  const parts = [
    '# Reliability',
    'Tests with invalid input, with faults at every step, and over many hours. The outcomes of each run are in `reliability.json`, from which `npx tsx test/bench/reliability.ts` makes this page.',
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

Samples of real inputs are changed at random: values, keys, structure, bytes, sizes. The same seed makes the same inputs. A crash is an exception that is not the module's own, a process or thread that ends, or
a violated condition (a damaged context that is accepted, a file outside its folder, an active element in the panel, a next request without an answer). If other processes used the processor, times are
processor times. The slowest input is timed again, and its shortest time counts. The goal is ${count(GOAL_INPUTS)} inputs per target, and 50,000 for those that libllama loads, without crashes and hangs, the slowest within ${GOAL_SLOWEST_MS / 1000} s.

| target | inputs | accepted | crashes | hangs | slowest | goal met |
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

The table has the tries that met all conditions: the next start within 10 s, one sidecar, no orphan, no wrong answer, and a message that names the cause. ${count(passed)} of ${count(tried)} tries passed, in ${cells.length} cells.

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
    ['total hours', `${hours.toFixed(1)} (goal ${GOAL_HOURS})`],
    [
      'requests and other actions',
      count(sum((run) => Object.values(run.actions).reduce((total, each) => total + each, 0))),
    ],
    [
      'faults, and faults with a right answer afterwards',
      `${sum((run) => run.faults.length)}, ${sum((run) => run.faults.filter(({ recoveredMs }) => recoveredMs !== null).length)}`,
    ],
    [
      'compared answers at temperature 0, and wrong ones',
      `${count(sum((run) => run.comparedAnswers))}, ${sum((run) => run.wrongAnswers.length)}`,
    ],
    ['requests without an answer', String(sum((run) => run.unanswered))],
    [
      'errors that no fault explains',
      String(sum((run) => Object.values(run.unexpectedErrors).reduce((total, each) => total + each, 0))),
    ],
    [
      'restarts of the front, of the engine, and restarts without a fault',
      `${sum((run) => run.restarts.front)}, ${sum((run) => run.restarts.engine)}, ${sum((run) => run.restarts.unexpected)}`,
    ],
    ['orphans; times with two fronts', `${sum((run) => run.orphans)}; ${sum((run) => run.twoFronts)}`],
    [`growth of the front, MiB per hour (goal below ${GOAL_GROWTH})`, growthText(front)],
    ['growth of the engine, MiB per hour', growthText(engine)],
    [
      'maximum descriptors of the front, of the engine',
      `${mostOf(runs.flatMap(({ descriptors }) => descriptors.front))}, ${mostOf(runs.flatMap(({ descriptors }) => descriptors.engine))}`,
    ],
    ['share of one core', `${Math.round((sum((run) => run.processorShare * run.hours) / hours) * 100)} %`],
  ];
  return `## Hours of use

Four clients share one sidecar, with a real model or a small random one (see the last table). They type, chat, replace words everywhere, go from file to file, forget their workspaces and open their windows again. Pauses keep the run's share of a core small, since other work
shared the machine. A random fault occurs every ten minutes. Growth is the slope of a least-squares line through the resident memory of each process that lived at least ${MIN_MINUTES} minutes after its first ${WARM_UP_MINUTES}, weighted by
its duration. Times are of requests without a fault.

| | |
|---|---:|
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}

| request | times | median | p99 |
|---|---:|---:|---:|
${actions.map(([action, buckets]) => `| ${action} | ${count(countOf(buckets))} | ${seconds(quantileMs(buckets, 0.5))} | ${seconds(quantileMs(buckets, 0.99))} |`).join('\n')}

| fault | times | right answer after its end: median | maximum |
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

Lines where a mistake would do harm (secrets, bounds, names of kept contexts, offsets) are changed one at a time in a copy of the tree. Then the tests run that should notice the change. ${count(killed)} of ${count(tried)} changes are noticed.${failures([['Not noticed', survivors]])}`;
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

/** The first failures, one line each. */
function failures(groups: readonly (readonly [string, readonly string[]])[]): string {
  const lines = groups.flatMap(([group, texts]) =>
    texts.slice(0, 3).map((text) => `- ${group}: \`${text.split('\n')[0]?.replaceAll('`', "'").slice(0, 300)}\``),
  );
  return lines.length === 0 ? '' : `\n\nFailures:\n\n${lines.join('\n')}`;
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
  lives === 0
    ? 'no process lived long enough'
    : `${perHour.toFixed(2)}, over ${hours.toFixed(1)} h of ${lives} processes`;
const mostOf = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);
const count = (value: number): string => value.toLocaleString('en');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 1_000 ? 3 : 1)} s`;
const yesNo = (is: boolean): string => (is ? 'yes' : 'no');
