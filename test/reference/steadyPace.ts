import type { MockTracker } from 'node:test';
import { ChunkSizer } from '../../sidecar/engine/chunkSizer.ts';
import { PromptLookup } from '../../sidecar/models/decoding/drafting.ts';

/** The tokens between two cuts of a prompt. */
const CHUNK_TOKENS = 64;

/**
 * Cuts prompts only by position, and rates drafts as if every machine were equally fast, until the mock is restored.
 *
 * Tokens that are evaluated in other batches are rounded differently, which may decide ties between rows. So answers
 * that are compared token by token need the same cuts.
 */
export function keepSteadyPace(mock: MockTracker): void {
  mock.method(ChunkSizer.prototype, 'next', (depth: number) => CHUNK_TOKENS - (depth % CHUNK_TOKENS));
  const record: (this: PromptLookup, drafted: number, accepted: number, elapsedMs: number) => void = Reflect.get(
    PromptLookup.prototype,
    'record',
  );
  mock.method(PromptLookup.prototype, 'record', function (this: PromptLookup, drafted: number, accepted: number) {
    record.call(this, drafted, accepted, 1 + drafted / 4);
  });
  mock.method(PromptLookup.prototype, 'recordRepeat', () => undefined);
}
