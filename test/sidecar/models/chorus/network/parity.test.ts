import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import type { TensorType } from '../../../../../kernels/ggml/types.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { chunkedLogits } from '../../../../reference/chunkedLogits.ts';
import { compareLogits } from '../../../../reference/compareLogits.ts';
import { onGgmlKernels } from '../../../../reference/ggmlKernels.ts';
import { LibLlama } from '../../../../../sidecar/models/llamaCpp/libLlama.ts';
import { TINY_VOCABULARY, tinyVariants, writeTinyModel } from '../../../../reference/tinyModels.ts';

const device = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const types: readonly TensorType[] = ['F32', 'F16', 'Q8_0', 'Q4_0', 'Q4_1', 'Q4_K'];
/** Products depend on the type, not on the architecture. So all types are tested in these variants. */
const furtherTypes: Readonly<Record<string, readonly TensorType[]>> = {
  llama: types,
  'llama+experts': [...types, 'BF16', 'Q6_K', 'Q5_K', 'Q5_1', 'Q5_0', 'IQ4_NL'],
  'gpt-oss': ['MXFP4'],
};
const pairs = tinyVariants.flatMap((variant, index) =>
  [...new Set([...typesOf(index), ...(furtherTypes[variant] ?? [])])].map((type) => [variant, type] as const),
);

/** The types of a variant: all of them on a GPU, whose drivers differ. On the processor F32, and others in turn. */
function typesOf(index: number): readonly TensorType[] {
  return device === 'cpu' ? ['F32', types[1 + (index % (types.length - 1))] as TensorType] : types;
}

/** More rows than one padding step of the cache, so that the mask matters. */
const tokens = Array.from({ length: 300 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);
/** The rows of the cache. */
const CONTEXT_TOKENS = 512;

describe(`Chorus graphs give the logits of libllama on ${device}`, () => {
  onGgmlKernels();
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-parity-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Writes a model once, since several tests read it. Returns its path. */
  async function written(variant: string, type: TensorType, opened: Device): Promise<string> {
    const file = path.join(folder, `${variant}-${type}.gguf`);
    if (!existsSync(file)) await writeTinyModel(file, { variant, type, device: opened });
    return file;
  }

  for (const [variant, type] of pairs) {
    it(`${variant} in ${type}`, async () => {
      // A device for each model: lavapipe corrupts its memory if a device outlives the buffers of several models.
      using opened = new Device(device, { threads: 2 });
      const file = await written(variant, type, opened);
      using peer = new LibLlama(file, {
        build: device,
        contextSizeTokens: CONTEXT_TOKENS,
        batchTokens: 512,
        threads: 2,
        gpuLayers: device === 'cpu' ? 0 : 99,
        quiet: true,
      });
      // Row by row, as on GPUs: both engines use flash attention.
      using network = await openNetwork(file, {
        placement: onOneDevice(opened),
        capacityTokens: CONTEXT_TOKENS,
        layout: 'rows',
      });
      const whole = chunkedLogits(peer, tokens, tokens.length);
      for (const chunkTokens of [tokens.length, 64]) {
        const actual = await network.logits(tokens, { chunkTokens });
        const expected = chunkTokens === tokens.length ? whole : chunkedLogits(peer, tokens, chunkTokens);
        const { normalisedSquaredError, meanDivergence, ...compared } = compareLogits(
          actual,
          expected,
          TINY_VOCABULARY,
        );
        // On a GPU libllama rounds a mixture differently by the length of its prompt, and a router's tie falls in
        // another way. Tokens with two results are not compared.
        const undecided =
          device === 'cpu'
            ? []
            : compareLogits(flat(whole), expected, TINY_VOCABULARY).argmaxDisagreements.map(({ row }) => row);
        const argmaxDisagreements = compared.argmaxDisagreements.filter(({ row }) => !undecided.includes(row));
        const how = `in chunks of ${chunkTokens}`;
        if (device === 'cpu' && type === 'F32')
          assert.ok(normalisedSquaredError <= 1e-6, `${how}: normalised squared error ${normalisedSquaredError}`);
        assert.ok(meanDivergence <= 1e-3, `${how}: mean divergence ${meanDivergence}`);
        assert.deepEqual(argmaxDisagreements, [], `${how}: other best tokens`);
      }
    });
  }

  if (device === 'cpu') {
    for (const variant of tinyVariants) {
      it(`${variant} in F32, values transposed, a few tokens at once`, async () => {
        using opened = new Device(device, { threads: 2 });
        const file = await written(variant, 'F32', opened);
        using peer = new LibLlama(file, {
          build: device,
          contextSizeTokens: CONTEXT_TOKENS,
          batchTokens: 512,
          threads: 2,
          gpuLayers: 0,
          flashAttention: false,
          quiet: true,
        });
        using network = await openNetwork(file, {
          placement: onOneDevice(opened),
          capacityTokens: CONTEXT_TOKENS,
          layout: 'transposed',
        });
        for (const chunkTokens of [7, 48]) {
          const { normalisedSquaredError, argmaxDisagreements } = compareLogits(
            await network.logits(tokens, { chunkTokens }),
            chunkedLogits(peer, tokens, chunkTokens),
            TINY_VOCABULARY,
          );
          assert.ok(
            normalisedSquaredError <= 1e-6,
            `in chunks of ${chunkTokens}: normalised squared error ${normalisedSquaredError}`,
          );
          assert.deepEqual(argmaxDisagreements, [], `in chunks of ${chunkTokens}: other best tokens`);
        }
      });
    }
  }
});

function flat(rows: readonly Float32Array[]): Float32Array {
  return Float32Array.from(
    { length: rows.length * TINY_VOCABULARY },
    (_, index) => (rows[Math.floor(index / TINY_VOCABULARY)] as Float32Array)[index % TINY_VOCABULARY] as number,
  );
}
