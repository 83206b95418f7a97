/**
 * Our engine and libllama side by side, alternating in one process with the same threads: `npm run bench`. `--write` also writes
 * docs/results/engine.md. `CHORUS_MODEL` names another model.
 */
import { execa } from 'execa';
import { fork, type ChildProcess } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { Device } from '../../kernels/ggml/device.ts';
import { computeEnvironment } from '../../sidecar/engine/process/computeEnvironment.ts';
import { PromptLookup } from '../../sidecar/engine/drafting.ts';
import { openNetwork } from '../../sidecar/models/chorus/openNetwork.ts';
import { onOneDevice } from '../../sidecar/models/chorus/placement.ts';
import { LibLlama } from '../../sidecar/models/llamaCpp/libLlama.ts';
import { computeThreads } from '../../sidecar/models/threads.ts';
import type { Alone } from './aloneEngine.ts';
import { repositoryRoot, writeReport } from './report.ts';

const PROMPT_TOKENS = 512;
const DECODE_TOKENS = 128;
const DEPTHS = [0, 4_096] as const;
const ROUNDS = 3;
const CONTEXT_TOKENS = 5_120;
const CHUNK_TOKENS = 512;
const BUSY_TOKENS = 96;
/** What the process may hold besides weights and cache. */
const ALLOWED_BYTES = 200 * 2 ** 20;

if (process.argv.includes('--spin')) for (;;) Math.sqrt(Math.random());

// As the product does: the environment has to be there when the process starts.
if (Object.entries(computeEnvironment).some(([name, value]) => process.env[name] !== value)) {
  const { exitCode } = await execa(process.execPath, [...process.execArgv, ...process.argv.slice(1)], { env: computeEnvironment, stdio: 'inherit', reject: false });
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
  reset(): void;
  evaluate(tokens: readonly number[], past: number): Promise<void>;
}
const competitors: Readonly<Record<'chorus' | 'libllama', Competitor>> = {
  chorus: {
    reset: () => ours.sequence.truncate(0),
    evaluate: async (given) => void (await ours.network.evaluate(ours.sequence, given, 'last')),
  },
  libllama: { reset: () => peer.clear(), evaluate: async (given, past) => void peer.decode(given, past, { read: false }) },
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

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

interface Row {
  readonly test: string;
  readonly depth: number;
  readonly chorus: number;
  readonly libllama: number;
  readonly ratio: number;
}

async function sideBySide(): Promise<Row[]> {
  const speeds = new Map<string, Record<Name, number[]>>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const depth of DEPTHS) {
      for (const name of round % 2 === 0 ? names : [...names].reverse()) {
        const engine = competitors[name];
        engine.reset();
        await fill(engine, 0, depth);
        const prompt = await timed(() => fill(engine, depth, PROMPT_TOKENS));
        const generated = await timed(() => decode(engine, depth + PROMPT_TOKENS, DECODE_TOKENS));
        // The first round warms up.
        if (round === 0) continue;
        for (const [test, count, elapsedMs] of [['prompt', PROMPT_TOKENS, prompt], ['decode', DECODE_TOKENS, generated]] as const) {
          const key = `${test} ${depth}`;
          if (!speeds.has(key)) speeds.set(key, { chorus: [], libllama: [] });
          (speeds.get(key) as Record<Name, number[]>)[name].push((count * 1000) / elapsedMs);
        }
      }
    }
  }
  return [...speeds].map(([key, { chorus, libllama }]) => {
    const [test, depth] = key.split(' ') as [string, string];
    return { test, depth: Number(depth), chorus: median(chorus), libllama: median(libllama), ratio: median(chorus) / median(libllama) };
  });
}

/** Decode while other processes keep every core busy. Both are given the same threads; ours takes fewer where it finds that faster. */
async function underLoad(): Promise<{ chorus: number; libllama: number; ratio: number }> {
  const spinners: ChildProcess[] = Array.from({ length: os.availableParallelism() }, () => fork(fileURLToPath(import.meta.url), ['--spin'], { execArgv: process.execArgv }));
  const speeds: Record<Name, number[]> = { chorus: [], libllama: [] };
  try {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of names) {
        const engine = competitors[name];
        engine.reset();
        const elapsedMs = await timed(() => decode(engine, 0, BUSY_TOKENS));
        speeds[name].push((BUSY_TOKENS * 1000) / elapsedMs);
      }
    }
  } finally {
    for (const spinner of spinners) spinner.kill();
  }
  return { chorus: median(speeds.chorus), libllama: median(speeds.libllama), ratio: median(speeds.chorus) / median(speeds.libllama) };
}

/** Repeating a file with small edits: tokens are forced, so that drafts are right wherever the edited copy agrees with the file. */
async function drafting(): Promise<{ plain: number; drafted: number; speedUp: number }> {
  const file = tokens.slice(0, 400);
  const copy = file.map((token, index) => (index % 60 === 59 ? (token + 1) % vocabularySize : token)).slice(0, 240);
  ours.sequence.truncate(0);
  await fill(competitors.chorus, 0, file.length);
  const plain = await timed(async () => {
    for (const token of copy) await ours.network.evaluate(ours.sequence, [token], 'last');
  });
  ours.sequence.truncate(file.length);
  const lookup = new PromptLookup();
  const drafted = await timed(async () => {
    for (let at = 0; at < copy.length; ) {
      const held = [...ours.sequence.tokens, copy[at] as number];
      const guesses = lookup.draft(held, copy.length - at - 1);
      const start = performance.now();
      await ours.network.evaluate(ours.sequence, [copy[at] as number, ...guesses], guesses.length > 0 ? 'all' : 'last');
      let accepted = 0;
      while (accepted < guesses.length && guesses[accepted] === copy[at + 1 + accepted]) accepted++;
      lookup.record(guesses.length, accepted, performance.now() - start);
      ours.sequence.truncate(held.length + accepted);
      at += accepted + 1;
    }
  });
  return { plain: (copy.length * 1000) / plain, drafted: (copy.length * 1000) / drafted, speedUp: plain / drafted };
}

/** Start and memory, of a process that holds our engine alone. */
async function inItsOwnProcess(): Promise<Alone> {
  const file = fileURLToPath(new URL('aloneEngine.ts', import.meta.url));
  const { stdout } = await execa(process.execPath, ['--import', 'tsx', file, modelPath, String(threads), String(CONTEXT_TOKENS)], { cwd: repositoryRoot });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Alone;
}

const rows = await sideBySide();
const busy = await underLoad();
const drafts = await drafting();
const alone = await inItsOwnProcess();
const otherBytes = alone.residentBytes - alone.weightBytes - alone.cacheBytes;
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

const table = [
  '| test | depth | chorus, tokens/s | libllama, tokens/s | ratio |',
  '|---|---|---|---|---|',
  ...rows.map((row) => `| ${row.test} | ${row.depth} | ${row.chorus.toFixed(1)} | ${row.libllama.toFixed(1)} | ${row.ratio.toFixed(3)} |`),
  `| decode, every core busy | 0 | ${busy.chorus.toFixed(1)} | ${busy.libllama.toFixed(1)} | ${busy.ratio.toFixed(2)} |`,
  '',
  `Drafting on a file repeated with an edit every 60 tokens: ${drafts.plain.toFixed(1)} tokens/s without, ${drafts.drafted.toFixed(1)} with, ${drafts.speedUp.toFixed(2)} times as fast.`,
  '',
  `In a process of its own, which the sources' compilation to JavaScript is part of: first token after ${(alone.firstTokenMs / 1000).toFixed(2)} s. With ${CONTEXT_TOKENS} rows of context it holds ` +
    `${mebibytes(alone.residentBytes)}: weights ${mebibytes(alone.weightBytes)}, cache ${mebibytes(alone.cacheBytes)}, all else ${mebibytes(otherBytes)} (allowed: ${mebibytes(ALLOWED_BYTES)}).`,
].join('\n');
console.log(`chorus, ${device.description}, ${threads} threads\n${table}`);
if (process.argv.includes('--write')) {
  await writeReport({
    name: 'engine',
    title: "Chorus's engine and libllama",
    body: `Both run the same file on the same libraries in one process, one after the other, alternating; medians of ${ROUNDS} rounds. libllama is called through\n\`llama_decode\`. While every core is busy (one endless loop a core), both have the same threads\nto begin with.\n\n${table}`,
    figures: { rows, busy, drafts, alone, threads },
    model: path.basename(modelPath),
    command: 'npm run bench -- --write',
  });
}
