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
/** The attention of 32 query heads to so many rows, with its transposed copy. */
const tokenBytes = (rows: number): number => 32 * rows * 8;
const observing = (of: ObservedTokens['of'], from = 0): ObservedTokens => ({ of, from, tokenBytes });

/** Checks that all tokens come once, in order, and attend the tokens before them. */
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

describe('promptChunks', () => {
  it('cuts chunks of the given length while they take little memory', () => {
    const chunks = promptChunks(CONTEXT, { chunkTokens: CHUNK });
    assertWhole(chunks);
    assert.ok(chunks.slice(0, -1).every(({ count }) => count === CHUNK));
  });

  it('cuts shorter chunks if a selector observes all of their tokens', () => {
    const chunks = promptChunks(CONTEXT, { chunkTokens: CHUNK, observed: [observing('all', 4)] });
    assertWhole(chunks);
    for (const chunk of chunks.slice(1))
      assert.ok(bytesOf(chunk) <= mostObservedBytes(CHUNK, tokenBytes(CONTEXT)), JSON.stringify(chunk));
    assert.ok(
      chunks.some(({ count }) => count < 64),
      'deep in the context not even a tile fits',
    );
  });

  it('cuts chunks of one token if each takes too much memory', () => {
    const chunks = promptChunks(40, {
      chunkTokens: CHUNK,
      observed: [{ ...observing('all'), tokenBytes: () => 1e12 }],
    });
    assert.deepEqual(
      chunks.map(({ count }) => count),
      Array.from({ length: 40 }, () => 1),
    );
  });

  it('cuts shorter chunks of the second reading alone if only that is observed', () => {
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

  it('cuts shorter chunks only if a selector observes many of the last tokens', () => {
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
