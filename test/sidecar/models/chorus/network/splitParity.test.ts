import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice, onTwoDevices } from '../../../../../sidecar/models/chorus/network/placement.ts';
import type { Split } from '../../../../../sidecar/models/chorus/network/split.ts';
import { compareLogits } from '../../../../reference/compareLogits.ts';
import { TINY_VOCABULARY, writeTinyModel } from '../../../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const tokens = Array.from({ length: 90 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);
/**
 * lavapipe (Mesa 22.3) crashes if a mixture decodes after a prompt, even if all of it is on the GPU. So only its prompt
 * is compared.
 */
const cases: readonly (readonly [what: string, variant: string, split: Split, decodes: boolean])[] = [
  ['the first two of four layers on the processor', 'llama', { kind: 'blocks', firstGpuBlock: 2 }, true],
  ['sliding layers on either side', 'cohere2', { kind: 'blocks', firstGpuBlock: 1 }, true],
  ['the experts on the processor, the attention on the GPU', 'llama+experts', { kind: 'experts' }, false],
];

describe(
  `a model shared between ${kind} and the processor`,
  { skip: kind === 'cpu' && 'there is no GPU to share with' },
  () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-split-'));
    });
    after(() => rm(folder, { recursive: true, force: true }));

    /**
     * Evaluates a prompt, decodes, and evaluates the prompt again: the graphs of a shared model replace one another.
     * They attend the first rows of a cache.
     */
    const logits = async (file: string, split: Split | undefined, decodes: boolean): Promise<Float32Array> => {
      using gpu = new Device(kind, { threads: 2 });
      using cpu = new Device('cpu', { build: kind, threads: 2 });
      using network = await openNetwork(file, {
        placement: split ? onTwoDevices(gpu, cpu, split) : onOneDevice(gpu),
        capacityTokens: 1_024,
      });
      const rows = await network.logits(tokens, { chunkTokens: 64 });
      if (!decodes) return rows;
      for (const token of tokens.slice(0, 3)) await network.network.evaluate(network.sequence, [token], 'last');
      assert.deepEqual(await network.logits(tokens, { chunkTokens: 64 }), rows);
      return rows;
    };

    for (const [what, variant, split, decodes] of cases) {
      it(`gives the logits of one device: ${what}`, async () => {
        const file = path.join(folder, `${variant}.gguf`);
        using cpu = new Device('cpu', { build: kind, threads: 2 });
        await writeTinyModel(file, { variant, type: 'F32', device: cpu });
        const whole = await logits(file, undefined, decodes);
        const expected = tokens.map((_, row) => whole.subarray(row * TINY_VOCABULARY, (row + 1) * TINY_VOCABULARY));
        const { meanDivergence, argmaxDisagreements } = compareLogits(
          await logits(file, split, decodes),
          expected,
          TINY_VOCABULARY,
        );
        assert.ok(meanDivergence <= 1e-3, `mean divergence ${meanDivergence}`);
        assert.deepEqual(argmaxDisagreements, []);
      });
    }
  },
);
