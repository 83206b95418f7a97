/**
 * Compares our engine with libllama, alternating in one process with the same threads: `npm run bench`. `--write` also
 * writes docs/results/engine.md. `CHORUS_MODEL` names another model.
 */
import { execa } from 'execa';
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { Device } from '../../kernels/ggml/device.ts';
import { computeEnvironment } from '../../sidecar/common/childProcess/computeEnvironment.ts';
import { openNetwork } from '../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../sidecar/models/chorus/network/placement.ts';
import { LibLlama } from '../../sidecar/models/llamaCpp/libLlama.ts';
import { computeThreads } from '../../sidecar/models/threads.ts';
import { quantize } from '../../sidecar/workshop/quantize/quantize.ts';
import type { Alone } from './aloneEngine.ts';
import { draftingSpeed, type DraftingSpeed } from './draftingSpeed.ts';
import { repositoryRoot, writeReport } from './report.ts';
import { median } from './statistics.ts';

const PROMPT_TOKENS = 512;
const DECODE_TOKENS = 128;
const DEPTHS = [0, 4_096] as const;
const ROUNDS = 7;
/** The tokens that an engine decodes before the other has its turn. */
const SLICE_TOKENS = 1;
const CONTEXT_TOKENS = 5_120;
const CHUNK_TOKENS = 512;
const BUSY_TOKENS = 96;
const BUSY_ROUNDS = 3;
/** The memory that the process may use besides weights and cache. */
const ALLOWED_BYTES = 200 * 2 ** 20;

if (process.argv.includes('--spin')) for (;;) Math.sqrt(Math.random());

// As in the product, the environment must be set before the process starts.
if (Object.entries(computeEnvironment).some(([name, value]) => process.env[name] !== value)) {
  const { exitCode } = await execa(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: computeEnvironment,
    stdio: 'inherit',
    reject: false,
  });
  process.exit(exitCode ?? 1);
}

const threads = await computeThreads(0);
const modelPath = process.env['CHORUS_MODEL'] ?? (await fetchModel());
using device = new Device('cpu', { threads });
using ours = await openNetwork(modelPath, { placement: onOneDevice(device), capacityTokens: CONTEXT_TOKENS });
using peer = new LibLlama(modelPath, { contextSizeTokens: CONTEXT_TOKENS, threads, quiet: true });
const { vocabularySize } = ours.model.hyperparameters;
const tokens = Array.from({ length: CONTEXT_TOKENS }, (_, index) => (index * 7_919 + 13) % vocabularySize);

interface Competitor {
  truncate(length: number): void;
  evaluate(tokens: readonly number[], past: number): Promise<void>;
}
const competitors: Readonly<Record<'chorus' | 'libllama', Competitor>> = {
  chorus: {
    truncate: (length) => ours.sequence.truncate(length),
    evaluate: async (given) => void (await ours.network.evaluate(ours.sequence, given, 'last')),
  },
  libllama: {
    truncate: (length) => peer.truncate(length),
    evaluate: async (given, past) => void peer.decode(given, past, { read: false }),
  },
};
type Name = keyof typeof competitors;
const names = Object.keys(competitors) as Name[];

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function fill(engine: Competitor, from: number, count: number): Promise<void> {
  for (let done = 0; done < count; done += CHUNK_TOKENS) {
    const size = Math.min(CHUNK_TOKENS, count - done);
    await engine.evaluate(tokens.slice(from + done, from + done + size), from + done);
  }
}

async function decode(engine: Competitor, past: number, count: number): Promise<void> {
  for (let step = 0; step < count; step++) await engine.evaluate([tokens[step] as number], past + step);
}

/** Measures both engines on the same work. They alternate in `slices` parts of it, so that other load affects both. */
async function inTurns(
  slices: number,
  round: number,
  part: (engine: Competitor, slice: number) => Promise<void>,
): Promise<Record<Name, number>> {
  const elapsedMs: Record<Name, number> = { chorus: 0, libllama: 0 };
  for (let slice = 0; slice < slices; slice++) {
    for (const name of (round + slice) % 2 === 0 ? names : [...names].reverse())
      elapsedMs[name] += await timed(() => part(competitors[name], slice));
  }
  return elapsedMs;
}

interface Compared {
  /** Tokens per second, medians of the rounds. */
  readonly chorus: number;
  readonly libllama: number;
  /** The median of the rounds' ratios. */
  readonly ratio: number;
}
interface Row extends Compared {
  readonly test: string;
  readonly depth: number;
}

function compare(count: number, rounds: readonly Record<Name, number>[]): Compared {
  const speed = (name: Name): number => median(rounds.map((elapsedMs) => (count * 1000) / elapsedMs[name]));
  return {
    chorus: speed('chorus'),
    libllama: speed('libllama'),
    ratio: median(rounds.map(({ chorus, libllama }) => libllama / chorus)),
  };
}

async function sideBySide(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const depth of DEPTHS) {
    const rounds: Record<'prompt' | 'decode', Record<Name, number>[]> = { prompt: [], decode: [] };
    for (const name of names) {
      competitors[name].truncate(0);
      await fill(competitors[name], 0, depth);
    }
    for (let round = 0; round <= ROUNDS; round++) {
      for (const name of names) competitors[name].truncate(depth);
      const prompt = await inTurns(1, round, (engine) => fill(engine, depth, PROMPT_TOKENS));
      const start = depth + PROMPT_TOKENS;
      const decoded = await inTurns(DECODE_TOKENS / SLICE_TOKENS, round, (engine, slice) =>
        decode(engine, start + slice * SLICE_TOKENS, SLICE_TOKENS),
      );
      // The first round warms up.
      if (round === 0) continue;
      rounds.prompt.push(prompt);
      rounds.decode.push(decoded);
    }
    rows.push(
      { test: 'prompt', depth, ...compare(PROMPT_TOKENS, rounds.prompt) },
      { test: 'decode', depth, ...compare(DECODE_TOKENS, rounds.decode) },
    );
  }
  return rows;
}

/**
 * Decodes while other processes keep every core busy. Both engines get the same threads. Ours uses fewer if that is
 * faster.
 */
async function underLoad(): Promise<Compared> {
  const spinners: ChildProcess[] = Array.from({ length: os.availableParallelism() }, () =>
    fork(fileURLToPath(import.meta.url), ['--spin'], { execArgv: process.execArgv }),
  );
  const rounds: Record<Name, number>[] = [];
  try {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    for (let round = 0; round < BUSY_ROUNDS; round++) {
      for (const name of names) competitors[name].truncate(0);
      rounds.push(await inTurns(1, round, (engine) => decode(engine, 0, BUSY_TOKENS)));
    }
  } finally {
    // An endless loop hears no other signal: tsx handles SIGTERM in JavaScript.
    for (const spinner of spinners) spinner.kill('SIGKILL');
  }
  return compare(BUSY_TOKENS, rounds);
}

/** Measures the same model in a type for which processors multiply whole blocks of rows, unlike Q4_1. */
async function draftingInEightBits(): Promise<DraftingSpeed> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-bench-'));
  try {
    const outputPath = path.join(folder, 'q8_0.gguf');
    await quantize({ modelPath, outputPath, type: 'Q8_0', patterns: [] });
    using opened = await openNetwork(outputPath, { placement: onOneDevice(device), capacityTokens: 1_024 });
    return await draftingSpeed(opened, tokens);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Measures start and memory of a process that contains only our engine. */
async function inItsOwnProcess(): Promise<Alone> {
  const file = fileURLToPath(new URL('aloneEngine.ts', import.meta.url));
  const { stdout } = await execa(
    process.execPath,
    ['--import', 'tsx', file, modelPath, String(threads), String(CONTEXT_TOKENS)],
    { cwd: repositoryRoot },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Alone;
}

const rows = await sideBySide();
const busy = await underLoad();
const drafts = { ofFile: await draftingSpeed(ours, tokens), q8_0: await draftingInEightBits() };
const alone = await inItsOwnProcess();
const otherBytes = alone.residentBytes - alone.weightBytes - alone.cacheBytes;
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

const table = [
  '| test | depth | chorus, tokens/s | libllama, tokens/s | ratio |',
  '|---|---|---|---|---|',
  ...rows.map(
    (row) =>
      `| ${row.test} | ${row.depth} | ${row.chorus.toFixed(1)} | ${row.libllama.toFixed(1)} | ${row.ratio.toFixed(3)} |`,
  ),
  `| decode, every core busy | 0 | ${busy.chorus.toFixed(1)} | ${busy.libllama.toFixed(1)} | ${busy.ratio.toFixed(2)} |`,
  '',
  'Drafting on a file that is repeated with an edit every 60 tokens:',
  '',
  '| model | without, tokens/s | with, tokens/s | ratio |',
  '|---|---|---|---|',
  ...Object.entries({ [path.basename(modelPath)]: drafts.ofFile, 'its copy in Q8_0': drafts.q8_0 }).map(
    ([name, { plain, drafted, speedUp }]) =>
      `| ${name} | ${plain.toFixed(1)} | ${drafted.toFixed(1)} | ${speedUp.toFixed(2)} |`,
  ),
  '',
  `In its own process, including the compilation of the sources to JavaScript, the first token comes after ${(alone.firstTokenMs / 1000).toFixed(2)} s. With ${CONTEXT_TOKENS} rows of context the process holds ` +
    `${mebibytes(alone.residentBytes)}: weights ${mebibytes(alone.weightBytes)}, cache ${mebibytes(alone.cacheBytes)}, everything else ${mebibytes(otherBytes)} (allowed: ${mebibytes(ALLOWED_BYTES)}).`,
].join('\n');
console.log(`chorus, ${device.description}, ${threads} threads\n${table}`);
if (process.argv.includes('--write')) {
  await writeReport({
    name: 'engine',
    title: "Chorus's engine and libllama",
    body: `Both engines run the same file on the same libraries in one process, taking turns, for decoding after each token. The table has medians of ${ROUNDS} rounds, also of their ratios. libllama is called through\n\`llama_decode\`. With every core busy (one endless loop per core), both engines start with the same number of\nthreads.\n\n${table}`,
    figures: { rows, busy, drafts, alone, threads },
    model: path.basename(modelPath),
    command: 'npm run bench -- --write',
  });
}
