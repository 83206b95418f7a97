/**
 * Measures the first completion after a restart, with and without a context on disk:
 *
 *   npx tsx test/bench/reopen.ts [--lengths 1024,4096,7680] [--rounds 5] [--write]
 *
 * Each figure is from a separate engine process, which has loaded the model and answered a short prompt. The operating
 * system may still have the files in memory.
 */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { defaultModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { expertsOf } from '../../sidecar/shelf/modelExperts.ts';
import { commonPrefixLength } from '../../sidecar/common/commonPrefix.ts';
import { EngineProcess } from '../../sidecar/engine/process/engineProcess.ts';
import type { ContextSet, EngineGenerateResult, LoadedModel, TokenId } from '../../sidecar/protocol/engine.ts';
import { LibLlama } from '../../sidecar/models/llamaCpp/libLlama.ts';
import { writeReport } from './report.ts';
import { signed } from './signed.ts';
import { median } from './statistics.ts';

const ANSWER_TOKENS = 16;
/** The sizes of the pieces in which libllama reads a prompt. Its rounding depends on them, too. */
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
const modelPath = await defaultModelPath();
const experts = await expertsOf(modelPath);

interface Row {
  readonly tokens: number;
  readonly restoredTokens: number;
  /** The time from the request to the first token, medians. */
  readonly coldMs: number;
  readonly keptMs: number;
  readonly diskBytes: number;
  /**
   * The rounds in which both answers had the same tokens. Prompts are cut by time, and rounding depends on the pieces.
   */
  readonly sameAnswers: number;
  /**
   * The largest difference in the other rounds: libllama's preference between the first two different tokens, for each
   * of `PIECES_TOKENS`. The maximum is that of the first.
   */
  readonly largestGap?: readonly number[];
}

/** The place where two answers differ. */
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
    // The two run one after the other, so that other load affects both.
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
    // libllama does not run experts.
    ...(partings.size === 0 || experts !== undefined
      ? {}
      : {
          largestGap: [...partings.values()]
            .map(gapsOf)
            .reduce((one, other) => ((other[0] ?? 0) > (one[0] ?? 0) ? other : one)),
        }),
  };
}

/**
 * Returns the differences between libllama's logits of two tokens. Each is the logit of the token that it prefers in
 * the first pieces minus that of the other. Infinite if an answer ended.
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

/** Runs work in a new engine process, and ends it in order. */
async function afterRestart<Result>(work: (engine: EngineProcess) => Promise<Result>): Promise<Result> {
  const engine = new EngineProcess({ log: (line) => process.stderr.write(`${line}\n`) });
  try {
    described = await engine.load({
      modelPath,
      experts,
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

/** Returns a prompt of this repository's code. */
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
    '| context, tokens | read from disk | cold start, ms | kept, ms | ratio | on disk, MB | same answers | difference |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map(line),
  ].join('\n');
  process.stdout.write(`${table}\n`);
  if (!values.write || !described) return;
  await writeReport({
    name: 'reopen',
    title: 'The first completion after a restart',
    body: `From the request to the first token, with a loaded model: medians of ${values.rounds} rounds. Each round has two engine processes one after the other, one that finds the context on disk and
one that evaluates it. *Same answers*: rounds in which both gave the same ${ANSWER_TOKENS} tokens. Prompts are cut by time, and rounding depends on the pieces. *Difference*, for models without experts: libllama's preference between
the first two different tokens, in logits, when it reads the prompt in pieces of ${PIECES_TOKENS.join(' and of ')} tokens. It is the largest of the rounds. If the signs differ, it prefers different tokens.\n\n${table}`,
    figures: rows,
    model: path.basename(described.path),
    command: `npx tsx test/bench/reopen.ts --lengths ${values.lengths} --rounds ${values.rounds} --write`,
  });
}
