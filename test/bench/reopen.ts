/**
 * The first completion after a restart, where the context was kept on disk and where it was not:
 *
 *   npx tsx test/bench/reopen.ts [--lengths 1024,4096,7680] [--rounds 5] [--write]
 *
 * Each figure is of an engine process of its own, which has loaded the model and answered a short prompt. The operating
 * system may still hold the files in memory.
 */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { commonPrefixLength } from '../../sidecar/common/commonPrefix.ts';
import { EngineProcess } from '../../sidecar/engine/process/engineProcess.ts';
import type { ContextSet, EngineGenerateResult, LoadedModel, TokenId } from '../../sidecar/protocol/engine.ts';
import { LibLlama } from '../../sidecar/models/llamaCpp/libLlama.ts';
import { writeReport } from './report.ts';
import { signed } from './signed.ts';
import { median } from './statistics.ts';

const ANSWER_TOKENS = 16;
/** In which libllama reads a prompt: its rounding, too, differs with them. */
const PIECES_TOKENS = [512, 16] as const;
const { values } = parseArgs({
  options: {
    lengths: { type: 'string', default: '1024,4096,7680' },
    rounds: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
});
const lengths = values.lengths.split(',').map(Number);
const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-reopen-'));
const modelPath = await fetchModel();

interface Row {
  readonly tokens: number;
  readonly restoredTokens: number;
  /** From the request to the first token, medians. */
  readonly coldMs: number;
  readonly keptMs: number;
  readonly diskBytes: number;
  /** Rounds in which both answered with the same tokens: pieces of a prompt are cut by time, and rounding with them. */
  readonly sameAnswers: number;
  /**
   * In the others, by how much libllama's logits prefer one of the first two tokens that differ, in each of
   * `PIECES_TOKENS`: where that is most in the first.
   */
  readonly largestGap?: readonly number[];
}

/** Where two answers go apart. */
interface Parting {
  readonly before: readonly TokenId[];
  readonly tokens: readonly [TokenId | undefined, TokenId | undefined];
}

const rows: Row[] = [];
let described: LoadedModel | undefined;
try {
  for (const length of lengths) rows.push(await measure(length));
} finally {
  await rm(folder, { recursive: true, force: true });
}
await report();

async function measure(length: number): Promise<Row> {
  const contextSet: ContextSet = { folder, name: String(length), maxBytes: 1e12 };
  const tokens = await promptOf(length);
  await afterRestart((engine) => ask(engine, tokens, contextSet));
  const times = { cold: [] as number[], kept: [] as number[] };
  let restoredTokens = Infinity;
  let sameAnswers = 0;
  const partings = new Map<string, Parting>();
  for (let round = 0; round < Number(values.rounds); round++) {
    // One after the other, so that whatever else the machine does meets both.
    const cold = await afterRestart((engine) => ask(engine, tokens, undefined));
    const kept = await afterRestart((engine) => ask(engine, tokens, contextSet));
    const common = commonPrefixLength(cold.tokens, kept.tokens);
    if (common === cold.tokens.length && common === kept.tokens.length) sameAnswers++;
    else
      partings.set([...cold.tokens.slice(0, common + 1), kept.tokens[common]].join(), {
        before: [...tokens, ...cold.tokens.slice(0, common)],
        tokens: [cold.tokens[common], kept.tokens[common]],
      });
    times.cold.push(cold.promptMs);
    times.kept.push(kept.promptMs);
    restoredTokens = Math.min(restoredTokens, kept.restoredTokens ?? 0);
    process.stdout.write(
      `${length}: ${Math.round(cold.promptMs)} ms cold, ${Math.round(kept.promptMs)} ms with ${kept.restoredTokens} tokens from disk\n`,
    );
  }
  const set = path.join(folder, contextSet.name);
  const sizes = await Promise.all((await readdir(set)).map(async (file) => (await stat(path.join(set, file))).size));
  return {
    tokens: length,
    restoredTokens,
    coldMs: median(times.cold),
    keptMs: median(times.kept),
    diskBytes: sizes.reduce((sum, size) => sum + size, 0),
    sameAnswers,
    ...(partings.size === 0
      ? {}
      : {
          largestGap: [...partings.values()]
            .map(gapsOf)
            .reduce((one, other) => ((other[0] ?? 0) > (one[0] ?? 0) ? other : one)),
        }),
  };
}

/**
 * Between libllama's logits of two tokens, that which it prefers in the first pieces minus the other, in all; infinite
 * where an answer ended.
 */
function gapsOf({ before, tokens: [one, other] }: Parting): readonly number[] {
  if (one === undefined || other === undefined) return [Infinity];
  const gaps = PIECES_TOKENS.map((pieceTokens) => {
    using llama = new LibLlama(modelPath, { contextSizeTokens: before.length + 1, threads: 2, quiet: true });
    let logits = new Float32Array(0);
    for (let past = 0; past < before.length; past += pieceTokens)
      logits = Float32Array.from(llama.decode(before.slice(past, past + pieceTokens), past)[0] as Float32Array);
    return (logits[one] as number) - (logits[other] as number);
  });
  const sign = Math.sign(gaps[0] ?? 0);
  return gaps.map((gap) => sign * gap);
}

/** Runs work in a fresh engine process, which ends in order. */
async function afterRestart<Result>(work: (engine: EngineProcess) => Promise<Result>): Promise<Result> {
  const engine = new EngineProcess({ log: (line) => process.stderr.write(`${line}\n`) });
  try {
    described = await engine.load({
      modelPath,
      engine: 'chorus',
      device: 'cpu',
      threads: 0,
      contextSizeTokens: Math.max(...lengths) + 256,
    });
    await engine.generate({
      sequence: 'warm',
      priority: 'completion',
      tokens: [1, 2, 3],
      maxTokens: 2,
      sampling: { temperature: 0 },
    });
    return await work(engine);
  } finally {
    await engine.dispose();
  }
}

async function ask(
  engine: EngineProcess,
  tokens: readonly TokenId[],
  contextSet: ContextSet | undefined,
): Promise<EngineGenerateResult & { readonly promptMs: number }> {
  const start = performance.now();
  let firstMs: number | undefined;
  const result = await engine.generate(
    {
      sequence: 'completion',
      priority: 'completion',
      tokens,
      maxTokens: ANSWER_TOKENS,
      sampling: { temperature: 0 },
      contextSet,
    },
    { onChunk: () => (firstMs ??= performance.now() - start) },
  );
  return { ...result, promptMs: firstMs ?? performance.now() - start };
}

/** Code of this repository. */
async function promptOf(length: number): Promise<readonly TokenId[]> {
  const files = [
    'sidecar/models/gguf/header.ts',
    'sidecar/engine/scheduler.ts',
    'sidecar/engine/generation.ts',
    'sidecar/models/chorus/network/network.ts',
    'sidecar/completion/completionService.ts',
    'sidecar/front/modelSession.ts',
  ];
  const texts = await Promise.all(files.map((file) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8')));
  const all = await afterRestart((engine) => engine.tokenize(texts.join('\n')));
  return Array.from({ length }, (_, index) => all[index % all.length] as TokenId);
}

async function report(): Promise<void> {
  const line = ({ tokens, restoredTokens, coldMs, keptMs, diskBytes, sameAnswers, largestGap }: Row): string =>
    `| ${tokens} | ${restoredTokens} | ${Math.round(coldMs)} | ${Math.round(keptMs)} | ${(coldMs / keptMs).toFixed(1)}× | ${(diskBytes / 1e6).toFixed(1)} | ${sameAnswers} of ${values.rounds} | ${largestGap === undefined ? '' : largestGap.map((gap) => signed(gap, 3)).join(', ')} |`;
  const table = [
    '| context, tokens | read from disk | cold start, ms | kept, ms | | on disk, MB | same answers | gap |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map(line),
  ].join('\n');
  process.stdout.write(`${table}\n`);
  if (!values.write || !described) return;
  await writeReport({
    name: 'reopen',
    title: 'The first completion after a restart',
    body: `From the request to the first token, the model being loaded: medians of ${values.rounds} rounds, each of two engine processes one after the other, one that finds the context on disk and
one that evaluates it. *Same answers*: rounds in which both gave the same ${ANSWER_TOKENS} tokens. Pieces of a prompt are cut by time, and rounding differs with them. *Gap*: by how much
libllama's logits prefer one of the first two tokens that differ, reading the prompt in pieces of ${PIECES_TOKENS.join(' and of ')} tokens, where that is most; it prefers the other one where the sign changes.\n\n${table}`,
    figures: rows,
    model: described.name,
    command: `npx tsx test/bench/reopen.ts --lengths ${values.lengths} --rounds ${values.rounds} --write`,
  });
}
