/**
 * Compares the rows that selectors keep on the processor with those on a GPU, for the same float32 weights and tokens:
 *
 *   npx tsx test/bench/selectionDevices.ts [--device vulkan] [--tokens 256] [--write]
 *
 * Needs 0.6 GB in the folder for temporary files. Mesa's lavapipe is a Vulkan device for machines without one
 * (GGML_VK_VISIBLE_DEVICES=0 LP_NUM_THREADS=0). It crashes (22.3.6) if shaders are compiled between two evaluations, as
 * for the second reading of `kvzip`. Tests compare its rows (`npm run test:vulkan`).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { TroubleError } from '../../sidecar/common/troubleError.ts';
import type { DeviceKind } from '../../kernels/ggml/device.ts';
import { workInWorkshop } from '../../sidecar/cli/withEngine.ts';
import { SELECT, type SelectParams } from '../../sidecar/workshop/protocol.ts';
import { writeFloatModel } from './kvpress/models.ts';
import { writeReport } from './report.ts';

const VOCABULARY = 49_152;
const CACHES = [
  'snapkv:64,window=16,kernel=7',
  'snapkv:64,window=16,kernel=7,pool=max',
  'h2o:64',
  'expected-attention:64',
  'keydiff:64',
  'streaming:64',
  'random:64',
  'snapkv:64,window=16,values=critical',
  'snapkv:64,window=16,budget=adaptive',
];

const MOST_ATTEMPTS = 3;

const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'vulkan' },
    tokens: { type: 'string', default: '256' },
    write: { type: 'boolean', default: false },
  },
});
const kind = values.device as DeviceKind;
const tokens = Array.from(
  { length: Number(values.tokens) },
  (_, index) => (Math.imul(index, 7_919) + (index % 13) * 101) % VOCABULARY,
);
let crashes = 0;
const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-selection-devices-'));
try {
  const modelPath = await writeFloatModel(await fetchModel(), folder);
  const figures: { cache: string; rows: number; differing: number }[] = [];
  for (const cache of CACHES) {
    const [here, there] = [await keptOn('cpu', modelPath, cache), await keptOn(kind, modelPath, cache)];
    let [rows, differing] = [0, 0];
    for (const [index, head] of here.entries()) {
      const other = new Set(there[index]);
      rows += head.length;
      differing += head.filter((row) => !other.has(row)).length;
    }
    figures.push({ cache, rows, differing });
    process.stdout.write(`${cache}: ${differing} of ${rows} rows differ\n`);
  }
  const table = figures.map(({ cache, rows, differing }) => `| \`${cache}\` | ${rows} | ${differing} |`);
  const body = `
Rows of ${tokens.length} tokens over all layers and KV heads of SmolLM2-135M in float32: the rows kept on the processor, and how many of them are not kept on ${kind}. Rounding decides between
nearly equal scores, and neighbours under max-pooling often have equal ones. Tests also compare both devices with plain loops. They include \`kvzip\`, whose second reading ends Mesa's device here
(\`npm run test:vulkan\`). ${crashes === 0 ? 'No process' : `${crashes} of the processes`} crashed and was started again.

| cache | rows kept | differing |
|---|---:|---:|
${table.join('\n')}
`;
  process.stdout.write(`${body}\n`);
  if (values.write)
    await writeReport({
      name: 'selection-devices',
      title: 'The same rows on every device',
      model: 'SmolLM2-135M-Instruct, float32 of its Q4_1',
      body,
      figures: { device: kind, cases: figures },
      command: `npx tsx test/bench/selectionDevices.ts --device ${kind} --tokens ${values.tokens} --write`,
    });
} finally {
  await rm(folder, { recursive: true, force: true });
}

/**
 * Selects rows, and tries again if the device's driver ended the process. The result of a finished run is not affected.
 */
async function keptOn(device: DeviceKind, modelPath: string, cache: string): Promise<readonly (readonly number[])[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      // Each device has a build of ggml, and a process loads only one.
      const { layers } = await workInWorkshop(SELECT, {
        modelPath,
        context: { tokens },
        cache,
        device,
        threads: 0,
      } satisfies SelectParams);
      return layers.flatMap(({ heads }) => heads);
    } catch (error) {
      if (!(error instanceof TroubleError && error.code === 'engine-crashed') || attempt === MOST_ATTEMPTS) throw error;
      crashes++;
      process.stdout.write(`${cache}: the process crashed and is started again\n`);
    }
  }
}
