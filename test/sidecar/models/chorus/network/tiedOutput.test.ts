import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../../kernels/ggml/device.ts';
import { repackedBufferType } from '../../../../../kernels/ggml/repack.ts';
import { checkModel, openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { tiedOutputBytes } from '../../../../../sidecar/models/chorus/planModel.ts';
import { withTiedOutput } from '../../../../../sidecar/models/chorus/network/tiedOutput.ts';
import { isPacked } from '../../../../../sidecar/models/chorus/network/weights.ts';
import { writeTinyModel } from '../../../../reference/tinyModels.ts';

describe('withTiedOutput', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-tied-'))));
  after(() => rm(folder, { recursive: true, force: true }));

  for (const { variant, type, isTied } of [
    { variant: 'command-r', type: 'Q4_0', isTied: true },
    { variant: 'command-r', type: 'Q8_0', isTied: true },
    { variant: 'command-r', type: 'F32', isTied: true },
    { variant: 'llama', type: 'Q8_0', isTied: false },
  ] as const) {
    it(`${isTied && type !== 'F32' ? 'loads the embedding twice if the processor has a faster layout, as planned' : 'loads the embedding once'}: ${variant} in ${type}`, async () => {
      using device = new Device('cpu', { threads: 1 });
      const file = path.join(folder, `${variant}-${type}.gguf`);
      await writeTinyModel(file, { variant, type, device });
      const model = await checkModel(file);
      const placement = onOneDevice(device);
      const shape = model.tensors.get('token_embd.weight')?.shape as readonly number[];
      const hasFasterLayout =
        isPacked(placement, { use: 'matrix' }, { type, shape }) ||
        repackedBufferType(device, type, shape, 'matrix') !== undefined;
      const isTwice = isTied && hasFasterLayout;
      // Only some processors have a faster layout for 8-bit weights. Processors with any have it for 4-bit weights.
      if (isTied && type === 'Q4_0') assert.equal(isTwice, device.repackBufferTypes.length > 0);
      const { specs, tensors } = withTiedOutput(model, placement);
      assert.equal(tensors.size - model.tensors.size, isTwice ? 1 : 0);
      if (isTwice)
        assert.deepEqual(
          specs.filter(({ name }) => name === 'output.weight').map(({ use }) => use),
          ['matrix'],
        );
      assert.equal(tiedOutputBytes(model.tensors), isTied ? model.tensors.get('token_embd.weight')?.sizeBytes : 0);
      using opened = await openNetwork(file, { placement, capacityTokens: 256 });
      assert.equal(opened.network.options.weights.table.optional('output.weight') !== undefined, isTwice || !isTied);
    });
  }
});
