import { performance } from 'node:perf_hooks';
import { Device } from '/work/main/kernels/ggml/device.ts';
import { parseCacheChoice } from '/work/main/sidecar/models/chorus/cacheChoice.ts';
import { ChorusSequence } from '/work/main/sidecar/models/chorus/chorusSequence.ts';
import { checkModel } from '/work/main/sidecar/models/chorus/openNetwork.ts';
import { Network } from '/work/main/sidecar/models/chorus/network.ts';
import { onOneDevice } from '/work/main/sidecar/models/chorus/placement.ts';
import { SequenceCache } from '/work/main/sidecar/models/chorus/sequenceCache.ts';
import { Tiers } from '/work/main/sidecar/models/chorus/tiers.ts';
import { loadWeights } from '/work/main/sidecar/models/chorus/weights.ts';
import os from 'node:os';
const depth = Number(process.argv[2] ?? 16384);
const choices = process.argv.slice(3);
using device = new Device('cpu', { threads: 1 });
const model = await checkModel(os.homedir() + '/.cache/chorus-dev/models/SmolLM2-135M-Instruct.Q4_1.gguf');
const placement = onOneDevice(device);
using weights = await loadWeights(placement, model.specs, model.tensors, {});
using network = new Network({ architecture: model.architecture, hyperparameters: model.hyperparameters, placement, weights });
const tok = (n: number, k = 0) => Array.from({ length: n }, (_, i) => (Math.imul(i + k, 7919) + 13) % 49152);
for (const choice of choices) {
  const tier = parseCacheChoice(choice).tier;
  using cache = new SequenceCache(placement, model.hyperparameters, depth + 512, { queries: 8 });
  using tiers = tier && new Tiers(network, cache, tier);
  const seq = new ChorusSequence(network, cache, 49152, undefined, tiers);
  // real rows at the beginning, then the same again: only speed counts
  await network.evaluate(cache, tok(512), 'none');
  cache.append(tok(depth - 512, 512));
  const t: number[] = [], d: number[] = [];
  for (let r = 0; r < 3; r++) {
    let s = (process.cpuUsage().user + process.cpuUsage().system) / 1000;
    await seq.forward(tok(260, r * 7), { wanted: 'last', isAnswer: false });
    t.push((process.cpuUsage().user + process.cpuUsage().system) / 1000 - s);
    cache.truncate(depth);
    if (r === 0) { await seq.forward([5], { wanted: 'last', isAnswer: false }); }
    s = (process.cpuUsage().user + process.cpuUsage().system) / 1000;
    for (let i = 0; i < 24; i++) await seq.forward([i], { wanted: 'last', isAnswer: true });
    d.push((process.cpuUsage().user + process.cpuUsage().system) / 1000 - s);
    cache.truncate(depth);
  }
  console.log(choice, 'prompt tok/s', (260000 / Math.min(...t)).toFixed(1), 'decode tok/s', (24000 / Math.min(...d)).toFixed(1));
  network.forget(cache);
}
