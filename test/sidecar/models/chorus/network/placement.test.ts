import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  keptOn,
  onOneDevice,
  onTwoDevices,
  withSlowTierOn,
} from '../../../../../sidecar/models/chorus/network/placement.ts';
import { describeSplit, planSplit } from '../../../../../sidecar/models/chorus/network/split.ts';
import type { Device } from '../../../../../kernels/ggml/device.ts';

const MB = 1e6;
const block = (index: number, experts: boolean) => [
  { name: `blk.${index}.attn_q.weight`, use: 'matrix', sizeBytes: 10 * MB } as const,
  experts
    ? ({ name: `blk.${index}.ffn_up_exps.weight`, use: 'experts', sizeBytes: 90 * MB } as const)
    : ({ name: `blk.${index}.ffn_up.weight`, use: 'matrix', sizeBytes: 20 * MB } as const),
];
const outer = [
  { name: 'token_embd.weight', use: 'embedding', sizeBytes: 50 * MB } as const,
  { name: 'output_norm.weight', use: 'vector', sizeBytes: 0 } as const,
];
const model = (experts: boolean) => [...outer, ...[0, 1, 2, 3].flatMap((index) => block(index, experts))];
const request = { blockCount: 4, cacheBytesPerBlock: 5 * MB, reservedBytes: 100 * MB };

describe('planSplit', () => {
  const cases: readonly (readonly [
    what: string,
    experts: boolean,
    freeBytes: number,
    expected: ReturnType<typeof planSplit>,
  ])[] = [
    [
      'puts as many of the last layers on the GPU as fit, with embedding, output and caches',
      false,
      (100 + 50 + 2 * 35) * MB,
      { kind: 'blocks', firstGpuBlock: 2 },
    ],
    [
      'puts one layer less on the GPU if a byte is missing',
      false,
      (100 + 50 + 2 * 35) * MB - 1,
      { kind: 'blocks', firstGpuBlock: 3 },
    ],
    ['keeps the model on the processor if not even one layer fits', false, (100 + 50 + 35) * MB - 1, undefined],
    [
      'keeps the experts of a mixture on the processor if the rest fits',
      true,
      (100 + 50 + 4 * 15) * MB,
      { kind: 'experts' },
    ],
    ['splits a mixture by layers if it is too large without its experts', true, (100 + 50 + 2 * 15) * MB, undefined],
  ];
  for (const [what, experts, freeBytes, expected] of cases) {
    it(what, () => assert.deepEqual(planSplit({ ...request, weights: model(experts), freeBytes }), expected));
  }

  it('decides the devices of weights and caches', () => {
    const gpu = { kind: 'vulkan' } as Device;
    const cpu = { kind: 'cpu' } as Device;
    const layers = onTwoDevices(gpu, cpu, { kind: 'blocks', firstGpuBlock: 2 });
    assert.equal(layers.weightDevice({ name: 'blk.1.attn_q.weight', use: 'matrix' }), cpu);
    assert.equal(layers.weightDevice({ name: 'blk.2.attn_q.weight', use: 'matrix' }), gpu);
    assert.equal(layers.weightDevice({ name: 'token_embd.weight', use: 'embedding' }), gpu);
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => layers.cacheDevice(index)),
      [cpu, cpu, gpu, gpu],
    );
    const experts = onTwoDevices(gpu, cpu, { kind: 'experts' });
    assert.equal(experts.weightDevice({ name: 'blk.0.ffn_up_exps.weight', use: 'experts' }), cpu);
    assert.equal(experts.weightDevice({ name: 'blk.0.attn_q.weight', use: 'matrix' }), gpu);
    assert.equal(experts.cacheDevice(0), gpu);
  });

  it('keeps all rows beside the attended rows, or in main memory', () => {
    const [gpu, cpu] = [{ kind: 'vulkan' } as Device, { kind: 'cpu' } as Device];
    assert.equal(keptOn(onOneDevice(gpu), 0), gpu);
    assert.deepEqual(
      [0, 1].map((block) => keptOn(onTwoDevices(gpu, cpu, { kind: 'blocks', firstGpuBlock: 1 }), block)),
      [cpu, gpu],
    );
    const inMain = withSlowTierOn(cpu, onOneDevice(gpu));
    assert.deepEqual(
      [
        keptOn(inMain, 0),
        inMain.cacheDevice(0),
        inMain.weightDevice({ name: 'blk.0.attn_q.weight', use: 'matrix' }),
        inMain.cpu,
      ],
      [cpu, gpu, gpu, cpu],
    );
  });

  it('is described for the user with the reason', () => {
    const numbers = { blockCount: 30, freeBytes: 3 * 1024 ** 3, neededBytes: 5 * 1024 ** 3, device: 'Vulkan (Radeon)' };
    assert.match(
      describeSplit({ kind: 'blocks', firstGpuBlock: 20 }, numbers),
      /^Vulkan \(Radeon\) runs 10 of 30 layers, the processor the others: the whole model needs .*5.* there, .*3.* are free\.$/,
    );
    assert.match(describeSplit({ kind: 'experts' }, numbers), /the attention, the processor the experts/);
  });
});
