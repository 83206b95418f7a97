/**
 * Checks a model of Aya 23 8B's exact shape with random weights in Q4_0. It must load, keep to its plan, complete, and
 * be as fast as in llama.cpp. `npx tsx test/bench/ayaShape.ts [--rounds 15] [--prompt 64] [--decode 8] [--file FILE]
 * [--write]`. Needs 4.6 GB of disk and 12 GB of memory. `--write` also writes docs/results/aya-shape.md.
 */
import { execa } from 'execa';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { developerCacheFolder, fetchModel } from '../../.scripts/fetchModel.ts';
import { computeEnvironment } from '../../sidecar/common/childProcess/computeEnvironment.ts';
import { EngineProcess } from '../../sidecar/engine/process/engineProcess.ts';
import { BATCH_TOKENS } from '../../sidecar/models/chorus/network/batchTokens.ts';
import { checkModel } from '../../sidecar/models/chorus/network/openNetwork.ts';
import { needsOf } from '../../sidecar/models/chorus/planModel.ts';
import { planMemory } from '../../sidecar/models/memory.ts';
import { inspectModelFile } from '../../sidecar/models/modelFile.ts';
import { writeAyaShape } from './ayaShape/writeAyaShape.ts';
import type { EngineName, Round } from './ayaShape/bothEngines.ts';
import { repositoryRoot, writeReport } from './report.ts';
import { median } from './statistics.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    prompt: { type: 'string', default: '64' },
    decode: { type: 'string', default: '8' },
    file: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const [roundCount, promptTokens, decodeTokens] = [values.rounds, values.prompt, values.decode].map(Number) as [
  number,
  number,
  number,
];
const file = path.resolve(values.file ?? path.join(developerCacheFolder(), 'models', 'aya-23-8b-shape.Q4_0.gguf'));
const CONTEXT_TOKENS = 512;
const COMPLETED_TOKENS = 4;

if (!(await stat(file).catch(() => undefined))) {
  console.log(`Writing ${file}`);
  await writeAyaShape(file, await fetchModel());
}
const model = await inspectModelFile(file);
const needs = needsOf(model, await checkModel(file), {
  device: 'cpu',
  contextSizeTokens: CONTEXT_TOKENS,
  batchTokens: BATCH_TOKENS,
});
const { neededBytes, sequences } = planMemory({ ...needs, modelName: path.basename(file), availableBytes: Infinity });

/**
 * Loads the model as the product does, on two threads. Completes after a prompt that fills the context, so that all
 * planned memory is used.
 */
async function asTheProduct(): Promise<{
  loadMs: number;
  loadedBytes: number;
  residentBytes: number;
  text: string;
  completedTokens: number;
}> {
  const engine = new EngineProcess();
  try {
    const begun = performance.now();
    await engine.load({
      modelPath: file,
      engine: 'chorus',
      device: 'cpu',
      threads: 2,
      contextSizeTokens: CONTEXT_TOKENS,
    });
    const loadMs = performance.now() - begun;
    const loadedBytes = (await engine.statistics())?.memoryBytes ?? 0;
    const code = await engine.tokenize('function add(a, b) {\n  return a + b;\n}\n'.repeat(CONTEXT_TOKENS));
    const tokens = code.slice(0, CONTEXT_TOKENS - COMPLETED_TOKENS - 1);
    const { text, tokens: completed } = await engine.generate({
      sequence: 'bench',
      priority: 'completion',
      tokens,
      maxTokens: COMPLETED_TOKENS,
      sampling: { temperature: 0 },
    });
    const residentBytes = (await engine.statistics())?.memoryBytes ?? 0;
    return { loadMs, loadedBytes, residentBytes, text, completedTokens: completed.length };
  } finally {
    await engine.dispose();
  }
}

async function measure(): Promise<Round[]> {
  const script = fileURLToPath(new URL('ayaShape/bothEngines.ts', import.meta.url));
  const { stdout } = await execa(
    process.execPath,
    ['--import', 'tsx', script, file, String(promptTokens), String(decodeTokens), String(roundCount)],
    { cwd: repositoryRoot, env: computeEnvironment },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Round[];
}

const product = await asTheProduct();
console.log(`planned ${neededBytes}, resident ${product.residentBytes}, completed ${product.completedTokens} tokens`);
const rounds = await measure();
const speed = (part: keyof Round, engine: EngineName, tokens: number): string =>
  median(rounds.map((round) => tokens / round[part][engine])).toFixed(2);
const ratios = (part: keyof Round): number[] => rounds.map(({ [part]: { chorus, libllama } }) => libllama / chorus);
const row = (test: string, part: keyof Round, tokens: number): string => {
  const [least, most] = [Math.min(...ratios(part)), Math.max(...ratios(part))];
  return `| ${test} | ${speed(part, 'chorus', tokens)} | ${speed(part, 'libllama', tokens)} | ${median(ratios(part)).toFixed(3)} | ${least.toFixed(3)} – ${most.toFixed(3)} |`;
};
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
const table = [
  '| test | chorus, tokens/s | libllama, tokens/s | ratio | ratios of the rounds |',
  '|---|---|---|---|---|',
  row(`prompt of ${promptTokens}`, 'prompt', promptTokens),
  row('decode', 'decode', decodeTokens),
  '',
  `The plan for a context of ${CONTEXT_TOKENS} tokens and ${sequences} sequences is ${gigabytes(neededBytes)}. The engine's process holds ${gigabytes(product.loadedBytes)} after loading, and ` +
    `${gigabytes(product.residentBytes)} after a prompt that fills the context and ${product.completedTokens} tokens. This differs from the plan by ${((product.residentBytes / neededBytes - 1) * 100).toFixed(1)} % ` +
    `(allowed: 5 %). The weights take ${gigabytes(needs.weightBytes)}. This includes ${gigabytes(needs.weightBytes - model.shape.weightBytes)} for the embedding's second copy in the processor's faster layout.`,
].join('\n');
console.log(table);
if (values.write) {
  await writeReport({
    name: 'aya-shape',
    title: "Aya 23 8B's shape",
    body: `A GGUF of Aya 23 8B's exact shape (command-r: 32 blocks, width 4,096, 32 query and 8 KV heads, 14,336 in the feed-forward, 256,000 tokens tied to the output) with random weights in Q4_0,
since speed and memory do not depend on the values. Speeds are tokens per second of **processor time on one thread**, since the machine was shared with other work. Both engines are in one
process and take turns prompt by prompt and token by token, since the memory speed of a shared machine varies by a quarter within minutes. There are ${roundCount} rounds of a prompt and ${decodeTokens} tokens after it.
The table has medians, also of the rounds' ratios.\n\n${table}`,
    figures: { rounds, neededBytes, ...product, text: undefined },
    model: "Aya 23 8B's shape, random weights, Q4_0",
    command: 'npx tsx test/bench/ayaShape.ts --write',
  });
}
