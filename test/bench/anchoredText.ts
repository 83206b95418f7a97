/**
 * Measures what it costs that text typed since the last whole evaluation comes behind the text behind the cursor:
 *
 *   npx tsx test/bench/anchoredText.ts [NAME=MODEL.gguf[+EXPERTS.gguf]] [--places 32] [--write]
 *
 * Places are the lines and spans of held-out packages (`bundled/gaps.ts`) with enough text behind the cursor. The nats
 * are those of the missing text and the end of its line. Uses a single thread per network. The texts come from `npx tsx
 * .scripts/bundledModel/corpus.ts`.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { detectFim } from '../../sidecar/completion/prompt/fim.ts';
import type { OpenedNetwork } from '../../sidecar/models/chorus/network/openNetwork.ts';
import { TokenIndex } from '../../sidecar/models/decoding/tokenIndex.ts';
import { bundledExpertsPath, bundledModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { inParallel, openForBench } from './bundled/benchNetworks.ts';
import { type AskedModel, BUDGET_TOKENS, type GapPrompt, gapPrompt } from './bundled/gapPrompt.ts';
import { type Gap, readGaps } from './bundled/gaps.ts';
import { namedModel } from './bundled/models.ts';
import { logitsBehind, natsOfGap } from './bundled/natsOfGap.ts';
import { meanOf } from './bundled/paired.ts';
import { writeReport } from './report.ts';
import { shuffled } from './shuffled.ts';
import { signed } from './signed.ts';
import { mean, median } from './statistics.ts';

/** Tokens between the place where the text was split and the cursor. */
const TYPED = [1, 16, 64, 128] as const;
/** Shorter texts behind the cursor say little. */
const MIN_SUFFIX_TOKENS = 96;
const SEED = 1;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { places: { type: 'string', default: '32' }, write: { type: 'boolean', default: false } },
});
const model = await namedModel(
  positionals[0] ?? `Chorus-0.5B=${await bundledModelPath()}+${await bundledExpertsPath()}`,
);

/** The figures of a place: nats, and the milliseconds until the answer can begin. */
interface Measured {
  readonly exact: number;
  readonly anchored: readonly number[];
  /** Without the text behind the cursor. */
  readonly without: number;
  readonly exactMs: number;
  readonly anchoredMs: number;
}

await using opened = await openForBench(model, { capacityTokens: 2 * BUDGET_TOKENS });
const fim = await detectFim(opened.engine, opened.loaded);
if (fim?.order !== 'psm') throw new Error(`${model.name} has no text behind the cursor that could move.`);
const asked: AskedModel = { opened, fim, index: new TokenIndex(opened.text.vocabulary) };
const suffixMark = fim.suffix;
const rows: Measured[] = [];
const gaps = shuffled(
  (await readGaps()).filter(({ group }) => group !== 'HumanEval'),
  SEED,
);
const wanted = Number(values.places);
await inParallel(gaps, opened.networks, async (gap, network) => {
  if (rows.length >= wanted) return;
  const prompt = await gapPrompt(asked, gap);
  const before = prompt.tokens.lastIndexOf(suffixMark);
  const behind = prompt.tokens.length - before;
  if (behind < MIN_SUFFIX_TOKENS || before < 2 * Math.max(...TYPED)) return;
  rows.push(await measure(network, prompt, gap));
  console.error(`${rows.length} of ${wanted}`);
});
await report();

async function measure(opened: OpenedNetwork, prompt: GapPrompt, gap: Gap): Promise<Measured> {
  const start = prompt.tokens.lastIndexOf(suffixMark);
  const missing = { requiredPrefix: prompt.requiredPrefix, expected: gap.expected };
  const anchored: number[] = [];
  let anchoredMs = NaN;
  const behind = prompt.tokens.slice(start);
  for (const typed of TYPED) {
    const evaluated = [...prompt.tokens.slice(0, start - typed), ...behind];
    await logitsBehind(opened, evaluated);
    const startMs = performance.now();
    const logits = await logitsBehind(opened, [...evaluated, ...prompt.tokens.slice(start - typed, start)]);
    if (typed === 1) anchoredMs = performance.now() - startMs;
    anchored.push(await natsOfGap(asked, opened, { ...missing, first: logits }));
  }
  opened.sequence.truncate(start - 1);
  const startMs = performance.now();
  const logits = await logitsBehind(opened, prompt.tokens);
  const exactMs = performance.now() - startMs;
  const exact = await natsOfGap(asked, opened, { ...missing, first: logits });
  const bare = [...prompt.tokens.slice(0, start + 1), prompt.tokens.at(-1) as number];
  const without = await natsOfGap(asked, opened, { ...missing, first: await logitsBehind(opened, bare) });
  return { exact, anchored, without, exactMs, anchoredMs };
}

async function report(): Promise<void> {
  const more = (nats: (row: Measured) => number): string => {
    const { mean: difference, standardError } = meanOf(rows.map((row) => nats(row) - row.exact));
    return `${signed(difference, 3)} ± ${standardError.toFixed(3)}`;
  };
  const table = [
    '| typed tokens | nats more than split at the cursor |',
    '|---|---:|',
    ...TYPED.map((typed, index) => `| ${typed} | ${more((row) => row.anchored[index] as number)} |`),
    `| without the text behind the cursor | ${more((row) => row.without)} |`,
  ].join('\n');
  const times = {
    exactMs: median(rows.map(({ exactMs }) => exactMs)),
    anchoredMs: median(rows.map(({ anchoredMs }) => anchoredMs)),
  };
  const ratio = median(rows.map(({ exactMs, anchoredMs }) => exactMs / anchoredMs));
  const nats = mean(rows.map(({ exact }) => exact));
  const body = `Most models read the text behind the cursor after the text before it. So a keystroke changes the place of that text, and an engine that reuses the common beginning of two prompts evaluates it again. Chorus
splits the text where the cursor was, and puts the text typed since then behind the middle mark, as the beginning of the middle. Then only the typed text is evaluated. The table has ${rows.length} places of held-out
packages with at least ${MIN_SUFFIX_TOKENS} tokens behind the cursor. *Typed tokens*: those between the split and the cursor. *Nats*: those of the missing text and the end of its line, ${nats.toFixed(2)} if the text is split at the cursor.

${table}

After a keystroke, the answer can begin after ${times.anchoredMs.toFixed(0)} ms. It takes ${times.exactMs.toFixed(0)} ms if the text is split at the cursor, ${ratio.toFixed(1)} times as long (medians, one thread).`;
  console.log(body);
  if (!values.write) return;
  await writeReport({
    name: 'anchored-text',
    title: 'Typed text behind the middle mark',
    body,
    figures: { places: rows.length, typed: TYPED, rows, ...times },
    model: model.name,
    command: `npx tsx test/bench/anchoredText.ts --places ${values.places} --write`,
  });
}
