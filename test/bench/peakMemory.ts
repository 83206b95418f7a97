/**
 * Measures the peak memory of a long prompt that is read layer by layer, compared with its full cache alone:
 *
 *   npx tsx test/bench/peakMemory.ts [--tokens 131072,389120] [--layers 2,8] [--cache snapkv:2048] [--write]
 *
 * Weights are random, with one head, so that a run takes minutes: time grows with the square of the prompt. With
 * several numbers of layers only the first is tried with the longest prompt. Each case runs in its own process.
 */
import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Device } from '../../kernels/ggml/device.ts';
import { parseCacheChoice } from '../../sidecar/models/chorus/cache/cacheChoice.ts';
import { LayerMajorPrefill } from '../../sidecar/models/chorus/selection/layerMajor.ts';
import { BATCH_TOKENS } from '../../sidecar/models/chorus/network/batchTokens.ts';
import { openNetwork } from '../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../sidecar/models/chorus/network/placement.ts';
import { computeThreads } from '../../sidecar/models/threads.ts';
import { TINY_VOCABULARY, writeTinyModel } from '../reference/tinyModels.ts';
import { writeReport } from './report.ts';

const HEAD_SIZE = 64;
const F16_BYTES = 2;
const ANSWER_ROWS = 512;

interface Figures {
  readonly tokens: number;
  readonly layers: number;
  readonly seconds: number;
  /** The keys and values of all layers and tokens, in float16. */
  readonly fullCacheBytes: number;
  /** The peak size of our buffers, without weights. */
  readonly peakBytes: number;
  /** The growth of the process. */
  readonly residentBytes: number;
  readonly keptBytes: number;
}

const { values } = parseArgs({
  options: {
    tokens: { type: 'string', default: '131072,389120' },
    layers: { type: 'string', default: '2,8' },
    cache: { type: 'string', default: 'snapkv:2048' },
    alone: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const lengths = values.tokens.split(',').map(Number);
const depths = values.layers.split(',').map(Number);
if (values.alone) process.stdout.write(`${JSON.stringify(await measure(lengths[0] as number, depths[0] as number))}\n`);
else {
  const figures: Figures[] = [];
  for (const tokens of lengths) {
    for (const layers of tokens === Math.max(...lengths) && lengths.length > 1 ? depths.slice(0, 1) : depths) {
      const args = [
        ...process.execArgv,
        process.argv[1] as string,
        '--alone',
        '--tokens',
        String(tokens),
        '--layers',
        String(layers),
        '--cache',
        values.cache,
      ];
      const { stdout } = await execa(process.execPath, args, { stderr: 'ignore' });
      figures.push(JSON.parse(stdout) as Figures);
      process.stdout.write(`${stdout}\n`);
    }
  }
  await report(figures);
}

async function measure(tokens: number, layers: number): Promise<Figures> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-peak-memory-'));
  try {
    using device = new Device('cpu', { threads: await computeThreads(0) });
    const file = path.join(folder, 'model.gguf');
    const count = (value: number): { type: 'u32'; value: number } => ({ type: 'u32', value });
    await writeTinyModel(file, {
      variant: 'llama',
      type: 'F16',
      device,
      omit: ['.bias'],
      keys: {
        block_count: count(layers),
        context_length: count(tokens),
        embedding_length: count(HEAD_SIZE),
        feed_forward_length: count(2 * HEAD_SIZE),
        'attention.head_count': count(1),
        'attention.head_count_kv': count(1),
      },
    });
    const choice = parseCacheChoice(values.cache);
    using opened = await openNetwork(file, {
      placement: onOneDevice(device),
      capacityTokens: choice.capacity + ANSWER_ROWS,
    });
    const { network, sequence } = opened;
    const before = process.memoryUsage.rss();
    const start = performance.now();
    using prefill = new LayerMajorPrefill(
      network.options,
      [
        {
          tokens: Array.from({ length: tokens }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY),
          targets: [{ sequence, selection: choice }],
        },
      ],
      { chunkTokens: BATCH_TOKENS },
    );
    let [peakBytes, residentBytes] = [0, 0];
    while (!prefill.isDone) {
      await prefill.step();
      peakBytes = Math.max(peakBytes, prefill.sizeBytes + sequence.sizeBytes);
      residentBytes = Math.max(residentBytes, process.memoryUsage.rss() - before);
    }
    // The sequence continues from there.
    await network.evaluate(sequence, [1, 2, 3], 'last');
    const seconds = (performance.now() - start) / 1000;
    return {
      tokens,
      layers,
      seconds,
      fullCacheBytes: tokens * layers * 2 * HEAD_SIZE * F16_BYTES,
      peakBytes,
      residentBytes,
      keptBytes: sequence.sizeBytes,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function report(figures: readonly Figures[]): Promise<void> {
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const rows = figures.map(
    ({ tokens, layers, seconds, fullCacheBytes, peakBytes, residentBytes, keptBytes }) =>
      `| ${tokens} | ${layers} | ${mebibytes(fullCacheBytes)} | ${mebibytes(peakBytes)} | ${mebibytes(residentBytes)} | ${(keptBytes / 2 ** 20).toFixed(1)} | ${seconds.toFixed(0)} |`,
  );
  const body = `
A prompt read layer by layer with \`${values.cache}\`. The weights are random, with one head of ${HEAD_SIZE}, one KV head, and a network of that width. *Full cache*: keys and values of all layers in
float16, which reading chunk by chunk would need besides everything else. *Peak*: one layer's full cache, the residual stream between layers (float32), the mask, the kept rows, and
intermediate results. *Process*: the maximum growth of its resident memory. The kept rows have room for an answer of ${ANSWER_ROWS} tokens.

| tokens | layers | full cache, MiB | peak, MiB | process, MiB | kept, MiB | seconds |
|---:|---:|---:|---:|---:|---:|---:|
${rows.join('\n')}

An additional layer adds to the full cache, but to the peak only its kept rows. In so narrow a network one layer's keys and values and the residual stream take as much as two layers' full cache, so
memory is only saved from the third layer on.
`;
  process.stdout.write(`${body}\n`);
  if (values.write)
    await writeReport({
      name: 'peak-memory',
      title: 'Memory of long prompts',
      model: 'random weights',
      body,
      figures: { cases: figures },
      command: `npx tsx test/bench/peakMemory.ts --tokens ${values.tokens} --layers ${values.layers} --cache ${values.cache} --write`,
    });
}
