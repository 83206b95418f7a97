import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AllocationError } from '../../../kernels/ggml/errors.ts';
import { TroubleError } from '../../../sidecar/engine/engine.ts';
import { leastSequenceBytes, requireSequenceMemory, withinMemory } from '../../../sidecar/train/trainingMemory.ts';

const size = { hyperparameters: { blockCount: 12, heads: 8, vocabularySize: 32_000 }, sequenceTokens: 65_536, sequences: 2, networks: 4 };
const outOfMemory = (says: RegExp) => (error: unknown) => error instanceof TroubleError && error.code === 'out-of-memory' && says.test(error.message);

describe('the memory of sequences to train on', () => {
  it('is refused where it can not be there, with how much is, and the longest sequences that may fit', () => {
    assert.throws(() => requireSequenceMemory(size, 8e9), outOfMemory(/^--sequence 65536 needs .* TB of memory at least, 7\.74 GB are free: expected \d+ tokens or fewer with --micro-batch 2 and 4 at the same time\. Choose a shorter --sequence/));
    const expected = Number(/expected (\d+) tokens/.exec(messageOf(() => requireSequenceMemory(size, 8e9)))?.[1]);
    assert.doesNotThrow(() => requireSequenceMemory({ ...size, sequenceTokens: expected }, 8e9));
    assert.throws(() => requireSequenceMemory({ ...size, sequenceTokens: expected + 1 }, 8e9));
  });

  it('grows with the square of their length, and with all that are computed at once', () => {
    const bytes = leastSequenceBytes(size);
    assert.ok(leastSequenceBytes({ ...size, sequenceTokens: 2 * size.sequenceTokens }) > 3.9 * bytes);
    assert.equal(leastSequenceBytes({ ...size, sequences: 4 }), 2 * bytes);
    assert.equal(leastSequenceBytes({ ...size, networks: 1 }), bytes / 4);
  });

  it('that a device refuses is told with what to choose', () => {
    assert.throws(() => withinMemory(size, () => {
      throw new AllocationError('A graph does not fit into the memory of a GPU.');
    }), outOfMemory(/--sequence 65536 with --micro-batch 2 does not fit: .* of a GPU\. Choose a shorter --sequence/));
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
