import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  mostObservedBytes,
  promptChunks,
  type Chunk,
  type ObservedTokens,
} from '../../../../../sidecar/models/chorus/selection/promptChunks.ts';

const [CONTEXT, REPLAY, CHUNK] = [20_000, 2_060, 512];
const replays = Array.from({ length: 10 }, () => Array.from({ length: REPLAY }, () => 0));
/** 32 query heads' attention to so many rows, before and after it is turned. */
const tokenBytes = (rows: number): number => 32 * rows * 8;
const observing = (of: ObservedTokens['of'], from = 0): ObservedTokens => ({ of, from, tokenBytes });

/** All tokens come once, in order, and attend what stands before them. */
function assertWhole(chunks: readonly Chunk[], replayed = 0): void {
  let next = 0;
  for (const { first, count, past, isReplay } of chunks) {
    assert.ok(count >= 1 && count <= CHUNK);
    assert.equal(first, next);
    assert.equal(isReplay, first >= CONTEXT);
    assert.equal(past, isReplay ? CONTEXT + ((first - CONTEXT) % REPLAY) : first);
    next += count;
  }
  assert.equal(next, CONTEXT + replayed);
}

const bytesOf = ({ count, past }: Chunk): number => count * tokenBytes(past + count);

describe('the chunks of a prompt', () => {
  it('are as long as asked for while nothing of them is large', () => {
    const chunks = promptChunks(CONTEXT, { chunkTokens: CHUNK });
    assertWhole(chunks);
    assert.ok(chunks.slice(0, -1).every(({ count }) => count === CHUNK));
  });

  it('are shorter where a selector looks at all of their tokens', () => {
    const chunks = promptChunks(CONTEXT, { chunkTokens: CHUNK, observed: [observing('all', 4)] });
    assertWhole(chunks);
    for (const chunk of chunks.slice(1))
      assert.ok(bytesOf(chunk) <= mostObservedBytes(CHUNK, tokenBytes(CONTEXT)), JSON.stringify(chunk));
    assert.ok(
      chunks.some(({ count }) => count < 64),
      'deep in the context not even a tile fits',
    );
  });

  it('have one token at least, however large that is', () => {
    const chunks = promptChunks(40, {
      chunkTokens: CHUNK,
      observed: [{ ...observing('all'), tokenBytes: () => 1e12 }],
    });
    assert.deepEqual(
      chunks.map(({ count }) => count),
      Array.from({ length: 40 }, () => 1),
    );
  });

  it('of a second reading alone are shorter where that is looked at', () => {
    const chunks = promptChunks(CONTEXT, { replays, chunkTokens: CHUNK, observed: [observing('replay')] });
    assertWhole(chunks, 10 * REPLAY);
    assert.deepEqual(
      chunks.filter(({ isReplay }) => !isReplay),
      promptChunks(CONTEXT, { chunkTokens: CHUNK }),
    );
    for (const chunk of chunks.filter(({ isReplay }) => isReplay))
      assert.ok(
        bytesOf(chunk) <= mostObservedBytes(CHUNK, tokenBytes(chunk.past + chunk.count)),
        JSON.stringify(chunk),
      );
  });

  it('are as they were where a selector looks at the last few tokens, and shorter where it looks at many', () => {
    const few = { ...observing('window', CONTEXT - 8) };
    assert.deepEqual(
      promptChunks(CONTEXT, { chunkTokens: CHUNK, observed: [few] }),
      promptChunks(CONTEXT, { chunkTokens: CHUNK }),
    );
    const from = CONTEXT - 4_000;
    const chunks = promptChunks(CONTEXT, { chunkTokens: CHUNK, observed: [observing('window', from)] });
    assertWhole(chunks);
    for (const chunk of chunks) {
      const seen = Math.max(0, chunk.first + chunk.count - Math.max(from, chunk.first));
      assert.ok(
        seen * tokenBytes(chunk.past + chunk.count) <= mostObservedBytes(CHUNK, tokenBytes(CONTEXT)),
        JSON.stringify(chunk),
      );
    }
  });
});
