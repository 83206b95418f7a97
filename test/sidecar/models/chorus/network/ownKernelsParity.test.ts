import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fetchModel } from '../../../../../.scripts/fetchModel.ts';
import { Device } from '../../../../../kernels/ggml/device.ts';
import { loadNativeKernels, useNativeKernels } from '../../../../../kernels/native/library.ts';
import { PackedMatrix } from '../../../../../kernels/native/packedMatrix.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { LibLlama } from '../../../../../sidecar/models/llamaCpp/libLlama.ts';
import { openVariant, VARIANTS } from '../../../../kernels/native/directCalls.ts';
import { chunkedLogits } from '../../../../reference/chunkedLogits.ts';
import { compareLogits, flatRows } from '../../../../reference/compareLogits.ts';

const TOKENS = 200;
const CHUNKS = [TOKENS, 7, 1];
/** Both are noise of the same size. */
const MOST_RATIO = 1.25;

describe('SmolLM2 on our own kernels', () => {
  for (const variant of VARIANTS) {
    const kernels = openVariant(variant);
    // The attention of libllama alone differs in the last bits, with and without flash attention. Both are right.
    it(
      `differs from libllama as little as two ways of attention in libllama: ${variant}`,
      { skip: 'missing' in kernels && kernels.missing },
      async () => {
        const before = loadNativeKernels();
        useNativeKernels(openVariant(variant));
        try {
          const file = await fetchModel();
          using device = new Device('cpu', { threads: 2 });
          const options = { contextSizeTokens: 512, threads: 2, quiet: true };
          using peer = new LibLlama(file, { ...options, flashAttention: true });
          using other = new LibLlama(file, { ...options, flashAttention: false });
          using network = await openNetwork(file, {
            placement: onOneDevice(device),
            capacityTokens: 512,
            layout: 'rows',
          });
          assert.ok(network.network.options.weights.table.tensor('blk.0.ffn_up.weight') instanceof PackedMatrix);
          const tokens = Array.from({ length: TOKENS }, (_, index) => (index * 7_919 + 13) % peer.vocabularySize);
          const byOther = flatRows(chunkedLogits(other, tokens, TOKENS));
          for (const chunkTokens of CHUNKS) {
            const expected = chunkedLogits(peer, tokens, chunkTokens);
            const own = compareLogits(await network.logits(tokens, { chunkTokens }), expected, peer.vocabularySize);
            const theirs = compareLogits(byOther, expected, peer.vocabularySize);
            assert.ok(
              own.meanDivergence <= MOST_RATIO * theirs.meanDivergence,
              `in chunks of ${chunkTokens}: mean divergence ${own.meanDivergence}, that of libllama ${theirs.meanDivergence}`,
            );
          }
        } finally {
          useNativeKernels(before);
        }
      },
    );
  }
});
