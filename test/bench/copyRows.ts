/**
 * Measures the cost of copied rows beside the cost of evaluating them again, on the bundled model and the processor:
 *
 *   npx tsx test/bench/copyRows.ts [--rows 1024,4096] [--rounds 3] [--threads 1] [--model FILE]
 *
 * Each round evaluates a prompt in one sequence, and copies its rows to another one. Figures are elapsed time and the
 * processor time of this process. With one thread the latter hardly depends on other load; with more it has the time
 * that ggml's threads wait for each other.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { copyRows } from '../../sidecar/engine/copyRows.ts';
import type { BackendSequence } from '../../sidecar/models/backend.ts';
import { openDevice } from '../../sidecar/models/llamaCpp/device.ts';
import { inspectModelFile } from '../../sidecar/models/modelFile.ts';
import type { OpenedModel } from '../../sidecar/models/openedModel.ts';
import { openModel } from '../../sidecar/models/openModel.ts';
import { computeThreads } from '../../sidecar/models/threads.ts';
import type { TokenId } from '../../sidecar/protocol/engine.ts';
import { bundledModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { processorMs } from './processorTime.ts';
import { originOfRun } from './report.ts';
import { median } from './statistics.ts';

interface Cost {
  readonly elapsedMs: number;
  readonly processorMs: number;
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1024,4096' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '1' },
    model: { type: 'string' },
  },
});
const lengths = values.rows.split(',').map(Number);
const modelPath = values.model ?? (await bundledModelPath());
if (modelPath === undefined) throw new Error('There is no bundled model here. Choose one with --model FILE.');

const threads = await computeThreads(Number(values.threads));
const device = await openDevice('cpu', { threads, log: () => undefined });
const params = {
  modelPath,
  engine: 'chorus',
  device: 'cpu',
  threads,
  contextSizeTokens: Math.max(...lengths) + 256,
} as const;
const file = await inspectModelFile(modelPath);
const opened = await openModel({ params, file, device, threads, logLines: () => [] }, async (model) => model);
try {
  const { machine, date } = await originOfRun();
  process.stdout.write(`${opened.text.name}, ${threads} threads, ${machine}, ${date}\n`);
  for (const length of lengths) process.stdout.write(`${await measure(opened, length)}\n`);
} finally {
  await opened.dispose();
  await device.llama.dispose();
}

async function measure({ backend, text }: OpenedModel, length: number): Promise<string> {
  const [source, target] = backend.sequences;
  if (!source?.rows || !target?.rows) throw new Error('The model needs two sequences that can copy rows.');
  const tokens = Array.from({ length: length + target.rows.evaluatedTokens }, (_, index) =>
    tokenAt(index, text.vocabulary.size),
  );
  const evaluated: Cost[] = [];
  const copied: Cost[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    await source.truncate(0);
    evaluated.push(await costOf(() => evaluate(source, tokens, backend.batchTokens)));
    await target.truncate(0);
    copied.push(await costOf(() => copyRows(target, source, tokens, (step) => step())));
    if (target.length !== length) throw new Error(`Copied ${target.length} rows, expected ${length}.`);
  }
  const per1000 = (costs: readonly Cost[]): string =>
    (['elapsedMs', 'processorMs'] as const)
      .map((key) => ((median(costs.map((cost) => cost[key])) * 1000) / length).toFixed(0))
      .join(' ms elapsed, ');
  const megabytes = ((target.rows.rowBytes * length) / 1e6).toFixed(1);
  return `${length} rows, ${megabytes} MB. Per 1,000 rows copied: ${per1000(copied)} ms processor; evaluated: ${per1000(evaluated)} ms processor.`;
}

async function evaluate(sequence: BackendSequence, tokens: readonly TokenId[], batchTokens: number): Promise<void> {
  for (let start = 0; start < tokens.length; start += batchTokens)
    await sequence.evaluate(tokens.slice(start, start + batchTokens));
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const start = performance.now();
  const before = processorMs();
  await work();
  return { elapsedMs: performance.now() - start, processorMs: processorMs() - before };
}

function tokenAt(index: number, vocabularySize: number): TokenId {
  return (index * 7_919 + 13) % vocabularySize;
}
