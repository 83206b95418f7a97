import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import type { TensorType } from '../../../../kernels/ggml/types.ts';
import { openNetwork } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../sidecar/models/chorus/network/placement.ts';
import { LibLlama } from '../../../../sidecar/models/llamaCpp/libLlama.ts';
import { compareLogits } from '../../../reference/compareLogits.ts';
import { plainLlamaLogits } from '../../../reference/plainLlama.ts';
import { readTensors } from '../../../reference/readTensors.ts';
import { ADAPTED_MATRICES, writeTinyAdapter, type TinyAdapterOptions } from '../../../reference/tinyAdapters.ts';
import { TINY_LLAMA, TINY_VOCABULARY, tinyVariants, writeTinyModel } from '../../../reference/tinyModels.ts';

const CONTEXT_TOKENS = 512;
const tokens = Array.from({ length: 300 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);
/** So few ranks are computed in float32. Many ranks are rounded to the type of the factors, as in libllama. */
const FEW_RANKS = 32;
const MANY_RANKS = 64;
/** The types of the base and of the factors. */
const types: readonly (readonly [base: TensorType, factors: TensorType])[] = [['F32', 'F32']];
/** Tested in one variant: products depend on the types, not on the architecture. */
const furtherTypes: readonly (readonly [base: TensorType, factors: TensorType])[] = [
  ['F16', 'F32'],
  ['Q8_0', 'F16'],
  ['Q4_0', 'Q8_0'],
  ['Q4_K', 'F16'],
  ['Q5_0', 'BF16'],
];

/** Models whose adapters have few matrices to change, so that each changes more. */
const strongAlphas: Readonly<Partial<Record<(typeof tinyVariants)[number], number>>> = { qwen35moe: 64 };

/** libllama aborts where it wants a precise product and finds the sum of a product and its change. */
const withoutPrecise: Readonly<Record<string, readonly string[]>> = {
  glm4moe: ADAPTED_MATRICES.filter((name) => !/attn_output|ffn_down/.test(name)),
};

describe('An adapter changes a model', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-adapter-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Writes a random model and adapters for it. */
  async function written(
    device: Device,
    model: { readonly variant: string; readonly type: TensorType; readonly omit?: readonly string[] },
    adapters: readonly TinyAdapterOptions[],
  ): Promise<{ readonly model: string; readonly adapters: readonly string[] }> {
    const file = path.join(folder, `${model.variant}-${model.type}.gguf`);
    await writeTinyModel(file, { ...model, device });
    const files = adapters.map((_, index) => path.join(folder, `${model.variant}-${model.type}-${index}.adapter.gguf`));
    for (const [index, options] of adapters.entries()) await writeTinyAdapter(files[index] as string, file, options);
    return { model: file, adapters: files };
  }

  async function logits(
    device: Device,
    { model, adapters }: { readonly model: string; readonly adapters: readonly string[] },
    layout: 'rows' | 'transposed' = 'rows',
  ): Promise<Float32Array> {
    using network = await openNetwork(model, {
      placement: onOneDevice(device),
      capacityTokens: CONTEXT_TOKENS,
      layout,
      adapters,
    });
    return await network.logits(tokens, { chunkTokens: 64 });
  }

  for (const variant of tinyVariants) {
    for (const [type, factorType] of variant === 'qwen2' ? [...types, ...furtherTypes] : types) {
      it(`as in libllama: ${variant} in ${type} with factors in ${factorType}`, async () => {
        using device = new Device('cpu', { threads: 2 });
        const files = await written(device, { variant, type }, [
          {
            rank: type === 'F32' ? FEW_RANKS : MANY_RANKS,
            alpha: strongAlphas[variant] ?? 16,
            type: factorType,
            matrices: withoutPrecise[variant],
          },
        ]);
        using peer = new LibLlama(files.model, {
          contextSizeTokens: CONTEXT_TOKENS,
          batchTokens: 512,
          threads: 2,
          adapter: files.adapters[0],
          quiet: true,
        });
        const expected: Float32Array[] = [];
        for (let start = 0; start < tokens.length; start += 64)
          expected.push(...peer.decode(tokens.slice(start, start + 64), start, { all: true }));
        const compared = compareLogits(await logits(device, files), expected, TINY_VOCABULARY);
        if (type === 'F32') assert.ok(compared.normalisedSquaredError <= 1e-6, `${compared.normalisedSquaredError}`);
        assert.ok(compared.meanDivergence <= 1e-3, `mean divergence ${compared.meanDivergence}`);
        assert.deepEqual(compared.argmaxDisagreements, []);
        const base = await logits(device, { model: files.model, adapters: [] });
        const { normalisedSquaredError: change } = compareLogits(base, expected, TINY_VOCABULARY);
        assert.ok(change > 0.01, `the adapter changes little: ${change}`);
      });
    }
  }

  it('by A, then B, in plain loops, and several adapters by their sum', async () => {
    using device = new Device('cpu', { threads: 2 });
    const ranks = [4, 16, 1];
    const files = await written(
      device,
      { variant: 'llama', type: 'F32', omit: ['.bias'] },
      ranks.map((rank, index) => ({ rank, alpha: 2 * rank * (1 - index / 4), seed: index + 1 })),
    );
    const weights = await readTensors(files.model);
    const factors = await Promise.all(files.adapters.map((file) => readTensors(file)));
    const few = tokens.slice(0, 40);
    const expected = plainLlamaLogits(
      TINY_LLAMA,
      weights,
      few,
      few.map(() => 0),
      {
        productChange: (x, name) => {
          if (!name.startsWith('blk.')) return undefined;
          const outputs = (weights.get(name) as number[]).length / x.length;
          const change = Array<number>(outputs).fill(0);
          for (const [index, adapter] of factors.entries()) {
            const [a, b] = [adapter.get(`${name}.lora_a`) as number[], adapter.get(`${name}.lora_b`) as number[]];
            const rank = ranks[index] as number;
            const inner = Array.from({ length: rank }, (_, row) =>
              x.reduce((sum, value, column) => sum + value * (a[row * x.length + column] as number), 0),
            );
            for (let row = 0; row < outputs; row++)
              for (const [column, value] of inner.entries())
                change[row]! += 2 * (1 - index / 4) * value * (b[row * rank + column] as number);
          }
          return change;
        },
      },
    );
    for (const layout of ['rows', 'transposed'] as const) {
      const actual = (await logits(device, files, layout)).subarray(0, few.length * TINY_VOCABULARY);
      const compared = compareLogits(
        actual,
        expected.map((row) => Float32Array.from(row)),
        TINY_VOCABULARY,
      );
      assert.ok(compared.normalisedSquaredError <= 1e-5, `${layout}: ${compared.normalisedSquaredError}`);
    }
  });
});
