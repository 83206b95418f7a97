/**
 * Aya 23 8B's exact shape with random weights, Q4_0: loads, is planned, completes, and is as fast as in llama.cpp. `npx tsx test/bench/ayaShape.ts
 * [--rounds 5] [--prompt 64] [--decode 8] [--file FILE] [--write]`. Takes 4.6 GB of disk, and 6 GB of memory; engines run one after another. `--write` also
 * writes docs/results/aya-shape.md.
 */
import { execa } from 'execa';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { developerCacheFolder, fetchModel } from '../../.scripts/fetchModel.ts';
import { computeEnvironment } from '../../sidecar/engine/process/computeEnvironment.ts';
import { EngineProcess } from '../../sidecar/engine/process/engineProcess.ts';
import { BATCH_TOKENS } from '../../sidecar/models/chorus/batchTokens.ts';
import { checkModel } from '../../sidecar/models/chorus/openNetwork.ts';
import { needsOf } from '../../sidecar/models/chorus/planModel.ts';
import { planMemory } from '../../sidecar/models/memory.ts';
import { inspectModelFile } from '../../sidecar/models/modelFile.ts';
import { writeAyaShape } from './ayaShape/writeAyaShape.ts';
import type { EngineFigures } from './ayaShape/oneEngine.ts';
import { repositoryRoot, writeReport } from './report.ts';
import { median } from './statistics.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, prompt: { type: 'string', default: '64' }, decode: { type: 'string', default: '8' }, file: { type: 'string' }, write: { type: 'boolean', default: false } },
});
const [rounds, promptTokens, decodeTokens] = [values.rounds, values.prompt, values.decode].map(Number) as [number, number, number];
const file = path.resolve(values.file ?? path.join(developerCacheFolder(), 'models', 'aya-23-8b-shape.Q4_0.gguf'));
const CONTEXT_TOKENS = 512;
const COMPLETED_TOKENS = 4;
const ENGINES = ['chorus', 'libllama'] as const;
type EngineName = (typeof ENGINES)[number];

if (!(await stat(file).catch(() => undefined))) {
  console.log(`Writing ${file}`);
  await writeAyaShape(file, await fetchModel());
}
const model = await inspectModelFile(file);
const needs = needsOf(model, await checkModel(file), { device: 'cpu', contextSizeTokens: CONTEXT_TOKENS, batchTokens: BATCH_TOKENS });
const { neededBytes, sequences } = planMemory({ ...needs, modelName: path.basename(file), availableBytes: Infinity });

/** Loads it as the product does, on two threads, and lets it complete after a prompt that fills the context, so that all is taken that is planned for. */
async function asTheProduct(): Promise<{ loadMs: number; loadedBytes: number; residentBytes: number; text: string; completedTokens: number }> {
  const engine = new EngineProcess();
  try {
    const begun = performance.now();
    await engine.load({ modelPath: file, engine: 'chorus', device: 'cpu', threads: 2, contextSizeTokens: CONTEXT_TOKENS });
    const loadMs = performance.now() - begun;
    const loadedBytes = (await engine.statistics())?.memoryBytes ?? 0;
    const code = await engine.tokenize('function add(a, b) {\n  return a + b;\n}\n'.repeat(CONTEXT_TOKENS));
    const tokens = code.slice(0, CONTEXT_TOKENS - COMPLETED_TOKENS - 1);
    const { text, tokens: completed } = await engine.generate({ sequence: 'bench', priority: 'completion', tokens, maxTokens: COMPLETED_TOKENS, sampling: { temperature: 0 } });
    const residentBytes = (await engine.statistics())?.memoryBytes ?? 0;
    return { loadMs, loadedBytes, residentBytes, text, completedTokens: completed.length };
  } finally {
    await engine.dispose();
  }
}

async function measure(engine: EngineName): Promise<EngineFigures> {
  const script = fileURLToPath(new URL('ayaShape/oneEngine.ts', import.meta.url));
  const { stdout } = await execa(process.execPath, ['--import', 'tsx', script, engine, file, String(promptTokens), String(decodeTokens)], { cwd: repositoryRoot, env: computeEnvironment });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as EngineFigures;
}

const product = await asTheProduct();
console.log(`planned ${neededBytes}, resident ${product.residentBytes}, completed ${product.completedTokens} tokens`);
const figures: Record<EngineName, EngineFigures[]> = { chorus: [], libllama: [] };
for (let round = 0; round < rounds; round++) {
  for (const engine of round % 2 === 0 ? ENGINES : [...ENGINES].reverse()) {
    const measured = await measure(engine);
    figures[engine].push(measured);
    console.log(engine, measured);
  }
}

const speed = (engine: EngineName, key: keyof EngineFigures, tokens: number): number => median(figures[engine].map((each) => tokens / each[key]));
const ratio = (key: keyof EngineFigures): number => median(figures.chorus.map((ours, round) => (figures.libllama[round] as EngineFigures)[key] / ours[key]));
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
const table = [
  '| test | chorus, tokens/s | libllama, tokens/s | ratio |',
  '|---|---|---|---|',
  `| prompt of ${promptTokens} | ${speed('chorus', 'promptSeconds', promptTokens).toFixed(2)} | ${speed('libllama', 'promptSeconds', promptTokens).toFixed(2)} | ${ratio('promptSeconds').toFixed(3)} |`,
  `| decode | ${speed('chorus', 'decodeSeconds', decodeTokens).toFixed(2)} | ${speed('libllama', 'decodeSeconds', decodeTokens).toFixed(2)} | ${ratio('decodeSeconds').toFixed(3)} |`,
  '',
  `The plan for a context of ${CONTEXT_TOKENS} tokens and ${sequences} sequences says ${gigabytes(neededBytes)}; the engine's process holds ${gigabytes(product.loadedBytes)} when it is loaded, and ` +
    `${gigabytes(product.residentBytes)} after a prompt that fills the context and ${product.completedTokens} tokens: ${((product.residentBytes / neededBytes - 1) * 100).toFixed(1)} % beside the plan ` +
    `(allowed: 5 %). Weights take ${gigabytes(needs.weightBytes)}, of which ${gigabytes(needs.weightBytes - model.weightBytes)} are the embedding's second copy in the processor's faster layout.`,
].join('\n');
console.log(table);
if (values.write) {
  await writeReport({
    name: 'aya-shape',
    title: "Aya 23 8B's shape",
    body: `A GGUF of Aya 23 8B's exact shape (command-r: 32 blocks, width 4,096, 32 query and 8 KV heads, 14,336 in the feed-forward, 256,000 tokens tied to the output) with random weights in Q4_0,
since speed and memory do not depend on the values. Speeds are tokens per second of **processor time on one thread**, since the machine was shared with other work; each engine had a process
of its own for each of ${rounds} rounds, in turns, so that no two models were in memory; medians, of the rounds' ratios too.\n\n${table}`,
    figures: { figures, neededBytes, ...product, text: undefined },
    model: "Aya 23 8B's shape, random weights, Q4_0",
    command: 'npx tsx test/bench/ayaShape.ts --write',
  });
}
