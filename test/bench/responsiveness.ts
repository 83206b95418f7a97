/**
 * Measures the cost of the path through the engine: cancellation, preemption, token healing, and decode speed compared
 * with node-llama-cpp's own loop in the same run. `--write` also writes `docs/results/responsiveness.md` and `.json`.
 * `--runs N` sets the repetitions (20).
 */
import { getLlama, type Token } from 'node-llama-cpp';
import os from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { defaultModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { EngineProcess } from '../../sidecar/engine/process/engineProcess.ts';
import type { EngineGenerateParams, LoadedModel, TokenId } from '../../sidecar/protocol/engine.ts';
import { writeReport } from './report.ts';

interface Row {
  readonly what: string;
  readonly unit: string;
  readonly p50: number;
  readonly p95: number;
  readonly samples: number;
}

const { values: args } = parseArgs({
  options: { write: { type: 'boolean', default: false }, runs: { type: 'string', default: '20' } },
});
const runs = Number(args.runs);
const greedy = { temperature: 0 } as const;
const TEXT =
  'export function mean(values: number[]): number {\n    let sum = 0;\n    for (const value of values) sum += value;\n    return sum / values.length;\n}\n\n';
const DEEP_TOKENS = 4_000;

const modelPath = await defaultModelPath();
const engine = new EngineProcess();
const loadStart = performance.now();
const model = await engine.load({ modelPath, engine: 'auto', device: 'cpu', threads: 0, contextSizeTokens: 0 });
const loadMs = performance.now() - loadStart;
const tokens = await engine.tokenize(TEXT.repeat(200));
const rows: Row[] = [];

let variant = 0;
/** Returns a prompt of `length` tokens that no cache has from token `from` on. */
function prompt(length: number, from = 0): TokenId[] {
  variant++;
  const fresh = tokens.slice(variant % 37, length + (variant % 37));
  return [...tokens.slice(0, from), ...fresh.slice(from)];
}

const request = (
  changes: Partial<EngineGenerateParams> & { tokens: readonly TokenId[] },
): Omit<EngineGenerateParams, 'requestId'> => ({
  sequence: 'completion',
  priority: 'completion',
  maxTokens: 1,
  sampling: greedy,
  ...changes,
});

await cancellation('prompt at depth 0', 0, 'prompt');
await cancellation(`prompt at depth ${DEEP_TOKENS}`, DEEP_TOKENS, 'prompt');
await cancellation('decode at depth 0', 0, 'decode');
await cancellation(`decode at depth ${DEEP_TOKENS}`, DEEP_TOKENS, 'decode');
await preemption('a chat that decodes', 16, 'decode');
await preemption(`a chat that reads a prompt at depth ${DEEP_TOKENS}`, DEEP_TOKENS, 'prompt');
await healing();
await promptSpeed();
await decodeSpeed();
await restart();
await engine.dispose();
await report(model);

function add(what: string, unit: string, values: readonly number[]): void {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
  rows.push({ what, unit, p50: at(0.5), p95: at(0.95), samples: sorted.length });
  console.log(`${what}: ${at(0.5).toFixed(1)} ${unit} (p95 ${at(0.95).toFixed(1)}, ${sorted.length} samples)`);
}

/** Measures from the abort to the answer, which comes when the engine is free again. */
async function cancellation(what: string, depth: number, phase: 'prompt' | 'decode'): Promise<void> {
  const sequence = `cancel ${depth}`;
  const base = tokens.slice(0, depth);
  if (depth > 0) await engine.generate(request({ sequence, tokens: base, maxTokens: 0 }));
  const latencies: number[] = [];
  for (let run = 0; run < runs; run++) {
    const abort = new AbortController();
    const length = phase === 'prompt' ? 1_500 : 8;
    const running = engine.generate(request({ sequence, tokens: [...base, ...prompt(length)], maxTokens: 400 }), {
      signal: abort.signal,
    });
    await sleep((phase === 'prompt' ? 60 : 250) + Math.random() * 80);
    const start = performance.now();
    abort.abort();
    const result = await running;
    if (result.stopReason === 'cancelled') latencies.push(performance.now() - start);
  }
  add(`cancel, ${what}`, 'ms', latencies);
}

/** Measures the additional delay of a completion's first token during a chat. */
async function preemption(what: string, depth: number, phase: 'prompt' | 'decode'): Promise<void> {
  const completion = tokens.slice(0, 64);
  const first = async (): Promise<number> => {
    const start = performance.now();
    await engine.generate(request({ tokens: completion }));
    return performance.now() - start;
  };
  await first();
  const alone: number[] = [];
  for (let run = 0; run < runs; run++) alone.push(await first());
  const base = tokens.slice(0, depth);
  await engine.generate(request({ sequence: 'chat:1', priority: 'chat', tokens: base, maxTokens: 0 }));
  const busy: number[] = [];
  for (let run = 0; run < runs; run++) {
    const abort = new AbortController();
    const chat = engine.generate(
      request({
        sequence: 'chat:1',
        priority: 'chat',
        tokens: [...base, ...prompt(phase === 'prompt' ? 1_500 : 8)],
        maxTokens: 400,
      }),
      { signal: abort.signal },
    );
    await sleep((phase === 'prompt' ? 60 : 200) + Math.random() * 60);
    busy.push(await first());
    abort.abort();
    await chat;
  }
  add('first token of a cached completion, alone', 'ms', alone);
  add(`first token of a cached completion during ${what}`, 'ms', busy);
}

async function healing(): Promise<void> {
  const base = await engine.tokenize(
    'def mean(values):\n    return sum(values) / len(values)\n\n\ndef median(values):',
  );
  const time = async (changes: Partial<EngineGenerateParams>): Promise<number> => {
    const start = performance.now();
    await engine.generate(request({ tokens: base, ...changes }));
    return performance.now() - start;
  };
  const plain: number[] = [];
  const healed: number[] = [];
  await time({});
  for (let run = 0; run < runs * 2; run++) {
    plain.push(await time({}));
    healed.push(await time({ requiredPrefix: '\n    ' }));
  }
  add('one cached token', 'ms', plain);
  add('one cached token with a required prefix', 'ms', healed);
}

async function promptSpeed(): Promise<void> {
  for (const depth of [512, DEEP_TOKENS]) {
    const speeds: number[] = [];
    for (let run = 0; run < 3; run++) {
      const fresh = prompt(depth);
      const result = await engine.generate(request({ sequence: 'speed', tokens: fresh }));
      speeds.push((result.evaluatedTokens * 1000) / result.promptMs);
    }
    add(`prompt of ${depth} tokens`, 'tokens/s', speeds);
  }
}

/** Rounds alternate between the two, so that other load affects both. */
async function decodeSpeed(): Promise<void> {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, maxThreads: model.threads });
  const context = await (
    await llama.loadModel({ modelPath, gpuLayers: 0 })
  ).createContext({ contextSize: model.contextSizeTokens, threads: model.threads, flashAttention: false });
  const sequence = context.getSequence();
  for (const depth of [64, DEEP_TOKENS]) {
    const base = tokens.slice(0, depth);
    const count = depth > 1000 ? 48 : 128;
    const ours: number[] = [];
    const plain: number[] = [];
    await engine.generate(request({ sequence: 'decode', tokens: base }));
    await sequence.clearHistory();
    await sequence.evaluateWithoutGeneratingNewTokens(base.slice(0, -1) as Token[]);
    for (let run = 0; run < 5; run++) {
      const times: number[] = [];
      await engine.generate(request({ sequence: 'decode', tokens: base, maxTokens: count }), {
        onChunk: () => times.push(performance.now()),
      });
      ours.push(((times.length - 1) * 1000) / (times.at(-1)! - times[0]!));
      await sequence.eraseContextTokenRanges([{ start: base.length - 1, end: sequence.nextTokenIndex }]);
      const plainTimes: number[] = [];
      for await (const token of sequence.evaluate(base.slice(-1) as Token[], { temperature: 0, yieldEogToken: true })) {
        void token;
        plainTimes.push(performance.now());
        if (plainTimes.length === count) break;
      }
      plain.push(((plainTimes.length - 1) * 1000) / (plainTimes.at(-1)! - plainTimes[0]!));
    }
    add(`decode at depth ${depth}, whole path`, 'tokens/s', ours);
    add(`decode at depth ${depth}, node-llama-cpp's own loop`, 'tokens/s', plain);
  }
  await llama.dispose();
}

async function restart(): Promise<void> {
  const times: number[] = [];
  process.kill(engine.pid!, 'SIGKILL');
  await sleep(100);
  const start = performance.now();
  await engine.generate(request({ tokens: tokens.slice(0, 16) }));
  times.push(performance.now() - start);
  add('first answer after the engine was killed', 'ms', times);
  rows.push({ what: 'first load', unit: 'ms', p50: loadMs, p95: loadMs, samples: 1 });
}

async function report(loaded: LoadedModel): Promise<void> {
  const machine = `${os.cpus()[0]?.model ?? 'unknown processor'}, ${loaded.threads} threads, ${loaded.device}`;
  const table = [
    '| what | p50 | p95 | unit | samples |',
    '|---|---:|---:|---|---:|',
    ...rows.map(
      (row) => `| ${row.what} | ${row.p50.toFixed(1)} | ${row.p95.toFixed(1)} | ${row.unit} | ${row.samples} |`,
    ),
  ].join('\n');
  console.log(`\n${loaded.name}, ${machine}\n\n${table}`);
  if (!args.write) return;
  await writeReport({
    name: 'responsiveness',
    title: 'How soon the engine answers',
    body: `Through the engine process and back, ${machine}. A cancelled request has ended when the engine is free again. "alone" and "during" are the same request.\n\n${table}`,
    figures: { rows },
    model: loaded.name,
    command: 'npm run bench:responsiveness -- --write',
  });
}
