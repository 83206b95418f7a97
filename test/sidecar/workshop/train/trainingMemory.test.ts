import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AllocationError } from '../../../../kernels/ggml/errors.ts';
import { Device } from '../../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { placeModel } from '../../../../sidecar/workshop/train/placedModel.ts';
import { modelFromFile } from '../../../../sidecar/workshop/train/trainedModel.ts';
import {
  leastSequenceBytes,
  requireSequenceMemory,
  withinMemory,
} from '../../../../sidecar/workshop/train/trainingMemory.ts';
import { TrainingNetwork } from '../../../../sidecar/workshop/train/trainingNetwork.ts';
import { tinyTraining } from '../../../reference/tinyTraining.ts';

const size = {
  hyperparameters: { blockCount: 12, heads: 8, vocabularySize: 32_000 },
  sequenceTokens: 65_536,
  sequences: 2,
  networks: 4,
};
const outOfMemory = (says: RegExp) => (error: unknown) =>
  error instanceof TroubleError && error.code === 'out-of-memory' && says.test(error.message);

describe('the memory of training sequences', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-training-memory-'));
    await tinyTraining(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is refused with the free memory and the longest sequences that fit', () => {
    assert.throws(
      () => requireSequenceMemory(size, 8e9),
      outOfMemory(
        /^--sequence 65536 needs at least .* TB of memory, but only 7\.74 GB are free\. Expected \d+ tokens or fewer with --micro-batch 2 and 4 in parallel\. Choose a shorter --sequence/,
      ),
    );
    const expected = Number(/Expected (\d+) tokens/.exec(messageOf(() => requireSequenceMemory(size, 8e9)))?.[1]);
    assert.doesNotThrow(() => requireSequenceMemory({ ...size, sequenceTokens: expected }, 8e9));
    assert.throws(() => requireSequenceMemory({ ...size, sequenceTokens: expected + 1 }, 8e9));
  });

  it('grows with the square of their length, and with parallel sequences', () => {
    const bytes = leastSequenceBytes(size);
    assert.ok(leastSequenceBytes({ ...size, sequenceTokens: 2 * size.sequenceTokens }) > 3.9 * bytes);
    assert.equal(leastSequenceBytes({ ...size, sequences: 4 }), 2 * bytes);
    assert.equal(leastSequenceBytes({ ...size, networks: 1 }), bytes / 4);
  });

  const trainings: readonly [of: string, freeze: readonly RegExp[]][] = [
    ['a whole model', []],
    ['only its last block', [/^blk\.[0-2]\./, /^token_embd/, /^output/]],
    ['only the weights behind its last attention', [/^blk\.[0-2]\./, /^blk\.3\.attn/, /^token_embd/, /^output/]],
    ['only its last norm', [/^blk\./, /^token_embd/, /^output\./]],
  ];
  for (const [of, freeze] of trainings) {
    it(`is not overestimated for training ${of}`, async () => {
      const model = await modelFromFile(path.join(folder, 'tiny.gguf'));
      assert.equal(model.hyperparameters.blockCount, 4);
      using device = new Device('cpu', { threads: 1 });
      using placed = await placeModel(model, device, { freeze, weightType: 'F32' });
      const { parameters } = placed;
      using network = new TrainingNetwork({
        ...model,
        parameters,
        frozen: placed.constant,
        sequences: 1,
        sequenceTokens: 512,
      });
      const least = leastSequenceBytes({
        ...model,
        trained: parameters.all.map(({ spec }) => spec.name),
        sequenceTokens: 512,
        sequences: 1,
        networks: 1,
      });
      assert.ok(least <= network.computeBytes, `${least} bytes at least, of ${network.computeBytes}`);
    });
  }

  it('that a device refuses is reported with advice', () => {
    assert.throws(
      () =>
        withinMemory(size, () => {
          throw new AllocationError('A graph does not fit into the memory of a GPU.');
        }),
      outOfMemory(/--sequence 65536 with --micro-batch 2 does not fit: .* of a GPU\. Choose a shorter --sequence/),
    );
  });
});

function messageOf(work: () => void): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}
