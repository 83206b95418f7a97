import { AGREEMENT, strangers } from './agreement.ts';
import { FIRST_PROMPT_TOKENS } from './aloneProtocol.ts';
import { FIRST_TOKEN_CHARACTERS } from './extras.ts';
import { goalLines } from './goals.ts';
import { IK_PACKAGE } from './ikPackage.ts';
import { DECODE_TOKENS, PROMPT_TOKENS } from './measure.ts';
import type { Processor } from './processor.ts';
import type { Case, ExtraRow, Kept, Provenance, SpeedRow, Test } from './rows.ts';
import { ENGINE_NAMES, ENGINES, VARIANTS, type EngineName } from './variants.ts';

const TESTS: Readonly<Record<Test, string>> = { prompt: 'prompt', decode: 'decode', busy: 'decode, every core busy' };
const TEST_ORDER = Object.keys(TESTS);
/** The memory that a process may use besides weights and cache. */
const ALLOWED_BYTES = 200 * 2 ** 20;

/** Returns the page's text for all rows that were ever measured. */
export function enginePage(kept: Kept): string {
  const cases = grouped(kept.speeds, ({ model, variant }) => `## ${model}, ${VARIANTS[variant]}`);
  const tables = [...cases].map(([title, rows]) => `${title}\n\n${speedTable(rows)}\n\n${notes(rows)}`.trim());
  return [introduction(), goalTable(kept), ...tables, extras(kept.extras), processors(kept)]
    .filter((part) => part !== '')
    .join('\n\n');
}

function introduction(): string {
  return `Each engine runs the same file in a process of its own. The engines take turns, so that only one computes at a
time. A prompt has ${PROMPT_TOKENS} tokens. Decoding has ${DECODE_TOKENS} tokens, in slices. An engine waits between its slices, and its first tokens after
that are slower. Shorter slices have more of them. *Depth* is the number of tokens in the cache before.

A cell has the tokens per second, and in brackets the tokens per second of processor time. A ratio is Chorus's speed
over that of the other engine, and in brackets the same per processor time. All are medians of rounds.

- **libllama** is called through \`llama_decode\`, with its own choice of flash attention. It has ggml's build for the
  instructions.
- **ik_llama.cpp** is the Python package ${IK_PACKAGE}, whose build uses AVX2 and no newer instructions. It repacks
  matrices when it loads them, and uses flash attention.`;
}

function goalTable(kept: Kept): string {
  const lines = goalLines(kept).map(
    ({ what, variant, model, threads, goal, measured, verdict }) =>
      `| ${what} | ${VARIANTS[variant]} | ${model} | ${threads} | ${goal} | ${measured} | ${verdict} |`,
  );
  if (lines.length === 0) return '';
  const header = '| measure | instructions | model | threads | goal | measured | |\n|---|---|---|---|---|---|---|';
  return `## Goals\n\n${header}\n${lines.join('\n')}`;
}

/** Returns the table of a model and a variant. Only engines that were measured, or failed, have a column. */
function speedTable(rows: readonly SpeedRow[]): string {
  const engines = ENGINE_NAMES.filter((name) => rows.some(({ speeds, absent }) => speeds[name] ?? absent[name]));
  const peers = engines.filter((name) => name !== 'chorus');
  const columns = ['test', 'depth', 'threads', ...engines.map(titleOf), ...peers.map((name) => `/ ${titleOf(name)}`)];
  const sorted = [...rows].sort(
    (a, b) => b.threads - a.threads || TEST_ORDER.indexOf(a.test) - TEST_ORDER.indexOf(b.test) || a.depth - b.depth,
  );
  const lines = sorted.map(({ test, depth, threads, speeds, ratios }) => [
    TESTS[test],
    depth.toLocaleString('en'),
    String(threads),
    ...engines.map((name) => pair(speeds[name]?.perSecond, speeds[name]?.perProcessorSecond, 1)),
    ...peers.map((name) => pair(ratios[name]?.elapsed, ratios[name]?.processor, 2)),
  ]);
  return table(columns, lines);
}

function pair(elapsed: number | undefined, processor: number | undefined, digits: number): string {
  if (elapsed === undefined || processor === undefined) return '';
  return `${elapsed.toFixed(digits)} (${processor.toFixed(digits)})`;
}

const titleOf = (name: EngineName): string => ENGINES[name].title;

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The reasons of empty cells, and the libraries that ran. */
function notes(rows: readonly SpeedRow[]): string {
  const names = (what: 'absent' | 'libraries'): readonly string[] => [
    ...new Set(
      rows.flatMap((row) =>
        Object.entries(row[what]).map(
          ([name, value]) => `${titleOf(name as EngineName)}: ${[value].flat().join(', ')}`,
        ),
      ),
    ),
  ];
  const waiting = (100 * Math.max(...rows.map(({ waitingShare }) => waitingShare))).toFixed(1);
  const quiet = rows.filter(({ test }) => test !== 'busy');
  const other = (100 * Math.max(0, ...quiet.map(({ otherShare }) => otherShare))).toFixed(1);
  const wrong = new Set(rows.flatMap(({ agreement }) => strangers(agreement)));
  return [
    ...[...wrong].map(
      (name) =>
        `**${titleOf(name)} computes something else here**: its logits agree too little with libllama's. Its speeds are no comparison.`,
    ),
    agreements(rows),
    `Tokens of a slice: ${[...new Set(rows.map(({ sliceTokens }) => sliceTokens))].join(', ')}.`,
    ...names('absent').map((reason) => `No figures of ${reason}`),
    `Libraries: ${names('libraries').join('; ')}. Engines that waited used at most ${waiting} % of the time of the turns, and other processes at most ${other} % of the machine.`,
  ].join('\n\n');
}

/** The least agreement of each engine. */
function agreements(rows: readonly SpeedRow[]): string {
  const texts = ENGINE_NAMES.flatMap((name) => {
    const values = rows.flatMap(({ agreement }) => agreement[name] ?? []);
    return values.length === 0 || name === 'libllama' ? [] : [`${titleOf(name)} ${Math.min(...values).toFixed(4)}`];
  });
  return `Correlation of logits with libllama's behind a prompt, at least ${AGREEMENT} if right: ${texts.join(', ') || 'not measured'}.`;
}

function extras(rows: readonly ExtraRow[]): string {
  const lines = rows.map((row) => [row.model, VARIANTS[row.variant], String(row.threads), ...measured(row)]);
  if (lines.length === 0) return '';
  return `## Start, memory and drafts

*Start*: from the start of a Node process to the first token behind a prompt of ${FIRST_PROMPT_TOKENS} tokens. *Completion*: from a request
with ${FIRST_TOKEN_CHARACTERS.toLocaleString('en')} characters of uncached code to its first token, in the engine's process. *Drafts*: a file is repeated
with an edit every 60 tokens.

${table(['model', 'instructions', 'threads', 'measure', 'chorus', 'beside it'], lines)}`;
}

function measured(row: ExtraRow): readonly [string, string, string] {
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  switch (row.test) {
    case 'start':
      return [
        'start',
        `${row.chorusMs.toFixed(0)} ms`,
        `libllama ${row.libllamaMs.toFixed(0)} ms, ratio ${row.ratio.toFixed(2)}`,
      ];
    case 'first-token':
      return ['completion', `${row.elapsedMs.toFixed(0)} ms`, ''];
    case 'memory': {
      const { residentBytes, weightBytes, cacheBytes } = row;
      const other = mebibytes(residentBytes - weightBytes - cacheBytes);
      const parts = `weights ${mebibytes(weightBytes)}, cache ${mebibytes(cacheBytes)}`;
      return ['memory', mebibytes(residentBytes), `${parts}, rest ${other} (allowed: ${mebibytes(ALLOWED_BYTES)})`];
    }
    case 'drafting': {
      const { plain, drafted, speedUp } = row;
      return ['drafts', `${drafted.toFixed(1)} tokens/s`, `without ${plain.toFixed(1)}, ratio ${speedUp.toFixed(2)}`];
    }
  }
}

/** Returns the processors of all rows, since parts of the page may come from several. */
function processors({ speeds, extras: others }: Kept): string {
  const all = grouped([...speeds, ...others] as readonly (Case & Provenance)[], ({ processor }) => describe(processor));
  const lines = [...all].map(([name, rows]) => [
    name,
    [...new Set(rows.map(({ date }) => date))].sort().join(', '),
    [...new Set(rows.map(({ commit }) => commit))].join(', '),
    [...new Set(rows.map(({ rounds }) => rounds))].join(', '),
    [...new Set(rows.map(({ model, threads, variant }) => `${model}, ${threads} threads, ${variant}`))].join('; '),
  ]);
  return `## Processors\n\n${table(['processor', 'dates', 'commits', 'rounds', 'of'], lines)}`;
}

const describe = ({ name, instructions }: Processor): string => `${name} (${instructions.join(', ')})`;

function grouped<Value>(values: readonly Value[], keyOf: (value: Value) => string): ReadonlyMap<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return groups;
}
