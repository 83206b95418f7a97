import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CatalogueShelfEntry, ShelfPlan } from '../../../sidecar/protocol/client.ts';
import { builtInCatalogue } from '../../../sidecar/shelf/catalogue/catalogue.ts';
import type { Machine } from '../../../sidecar/shelf/machine.ts';
import { planEntry } from '../../../sidecar/shelf/planEntry.ts';
import { BUNDLED_PARENT_PARAMETERS, recommended } from '../../../sidecar/shelf/recommend.ts';

const { models } = builtInCatalogue();

function machine(mainGigabytes: number, gpuGigabytes?: number, unified = false): Machine {
  const gpu =
    gpuGigabytes === undefined
      ? undefined
      : { label: 'CUDA (a card)', freeBytes: gpuGigabytes * 1e9, unifiedBytes: unified ? gpuGigabytes * 1e9 : 0 };
  return { mainBytes: mainGigabytes * 1e9, gpu, mainBytesPerSecond: 30e9, gpuBytesPerSecond: 250e9 };
}

function planOf(id: string, on: Machine, contextSizeTokens = 0): ShelfPlan {
  const model = models.find((each) => each.id === id)!;
  return planEntry(model, model.quantisations[0]!, on, contextSizeTokens);
}

describe('planEntry', () => {
  const small = machine(8);
  const laptop = machine(16, 8);
  const large = machine(64, 24);
  const cases: {
    readonly name: string;
    readonly id: string;
    readonly on: Machine;
    readonly fit: ShelfPlan['fit'];
    readonly speed: ShelfPlan['speed'];
  }[] = [
    { name: 'a small model on a processor', id: 'qwen2.5-coder-0.5b', on: small, fit: 'cpu', speed: 'quick' },
    { name: 'a model of 3B on a processor', id: 'qwen2.5-coder-3b', on: small, fit: 'cpu', speed: 'moderate' },
    { name: 'a model of 7B on a processor', id: 'qwen2.5-coder-7b', on: machine(16), fit: 'cpu', speed: 'slow' },
    { name: 'a model of 32B that does not fit', id: 'qwen2.5-coder-32b', on: small, fit: 'none', speed: 'slow' },
    { name: 'a model of 7B on a card', id: 'qwen2.5-coder-7b', on: laptop, fit: 'gpu', speed: 'quick' },
    {
      name: 'a model of 14B shared by card and processor',
      id: 'qwen2.5-coder-14b',
      on: laptop,
      fit: 'shared',
      speed: 'slow',
    },
    {
      name: 'a mixture with its experts on the processor',
      id: 'qwen3-coder-30b-a3b',
      on: machine(64, 8),
      fit: 'shared',
      speed: 'quick',
    },
    { name: 'a mixture on a large card', id: 'qwen3-coder-30b-a3b', on: large, fit: 'gpu', speed: 'quick' },
    {
      name: 'a mixture on a processor with enough memory',
      id: 'qwen3-coder-30b-a3b',
      on: machine(64),
      fit: 'cpu',
      speed: 'moderate',
    },
    {
      name: 'a model on a machine with unified memory',
      id: 'qwen2.5-coder-7b',
      on: machine(12, 12, true),
      fit: 'gpu',
      speed: 'quick',
    },
  ];
  for (const { name, id, on, fit, speed } of cases) {
    it(name, () => {
      const plan = planOf(id, on);
      assert.deepEqual({ fit: plan.fit, speed: plan.speed }, { fit, speed }, `about ${plan.tokensPerSecond} tokens/s`);
    });
  }

  it('needs memory for the weights and the context', () => {
    const weights = models.find(({ id }) => id === 'aya-23-8b')!.quantisations[0]!.files[0]!.sizeBytes;
    const short = planOf('aya-23-8b', machine(64), 512).neededBytes;
    const long = planOf('aya-23-8b', machine(64), 8192).neededBytes;
    assert.ok(short > weights);
    // 32 layers with 8 heads of 128 for keys and values, two bytes each, in three sequences. Then the scores of 63
    // tokens and 32 heads, before and after the softmax.
    const tokenBytes = 32 * 8 * 2 * 128 * 2 * 3 + 63 * 32 * 2 * 4;
    assert.equal(Math.round((long - short) / 1e6), Math.round((tokenBytes * (8192 - 512)) / 1e6));
  });

  it('counts an embedding twice on a processor if it is also the output matrix', () => {
    const model = models.find(({ id }) => id === 'aya-23-8b')!;
    const once = { ...model, shape: { ...model.shape, tiedOutput: false } };
    const [quantisation] = model.quantisations;
    const more = (on: Machine): number =>
      planEntry(model, quantisation!, on, 512).neededBytes - planEntry(once, quantisation!, on, 512).neededBytes;
    // 256,000 tokens of 4,096 values, out of 8.03 billion parameters.
    assert.equal(
      Math.round(more(machine(64))),
      Math.round((quantisation!.files[0]!.sizeBytes * 256_000 * 4096) / 8.03e9),
    );
    assert.equal(more(machine(64, 24)), 0);
  });

  it('shortens a context that does not fit', () => {
    assert.ok((planOf('aya-23-8b', machine(6.9)).contextSizeTokens ?? 0) < 8192);
  });
});

describe('the recommended model', () => {
  function recommendedOn(on: Machine, hasBundled = false): string | undefined {
    const entries = models.map((model): CatalogueShelfEntry => ({
      ...model,
      kind: 'catalogue',
      engine: 'chorus',
      quantisations: model.quantisations.map((quantisation) => ({
        type: quantisation.type,
        sizeBytes: 1,
        isRecommended: false,
        state: 'absent',
        plan: planEntry(model, quantisation, on, 0),
      })),
    }));
    const best = recommended(entries, { hasBundled });
    return best && `${best.entry.id} ${best.quantisation.type}`;
  }
  const cases: readonly [name: string, on: Machine, expected: string | undefined][] = [
    ['is quick on a small processor', machine(8), 'qwen2.5-coder-1.5b Q4_K_M'],
    ['has 7B parameters on a card of 8 GB', machine(16, 8), 'qwen2.5-coder-7b Q4_K_M'],
    ['is a mixture on a card of 24 GB', machine(64, 24), 'qwen3-coder-30b-a3b Q4_K_M'],
    ['is the quickest on a slow processor', { ...machine(8), mainBytesPerSecond: 5e9 }, 'qwen2.5-coder-0.5b Q4_K_M'],
    ['does not exist if nothing fits', machine(0.5), undefined],
  ];
  for (const [name, on, expected] of cases) it(name, () => assert.equal(recommendedOn(on), expected));

  it('is larger than the bundled model where that is present', () => {
    assert.equal(recommendedOn(machine(8), true), 'qwen2.5-coder-1.5b Q4_K_M');
  });

  it('is none beside the bundled model if no larger one is quick', () => {
    assert.equal(recommendedOn({ ...machine(8), mainBytesPerSecond: 12e9 }, true), undefined);
  });

  it("is compared with the size of the bundled model's parent", () => {
    assert.equal(models.find(({ id }) => id === 'qwen2.5-coder-0.5b')?.parameters, BUNDLED_PARENT_PARAMETERS);
  });
});
