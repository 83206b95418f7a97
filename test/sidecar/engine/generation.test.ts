import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Backend, BackendSequence } from '../../../sidecar/engine/backend.ts';
import { Scheduler } from '../../../sidecar/engine/scheduler.ts';

/** A model whose vocabulary is the letters a and b, and which always says a. */
function lettersBackend(): Backend {
  let length = 0;
  const sequence: BackendSequence = {
    get length() {
      return length;
    },
    commonPrefixLength: () => 0,
    truncate: async (to) => (length = Math.min(length, to)),
    evaluate: async (tokens) => void (length += tokens.length),
    checkpoint: async () => undefined,
    decode: async function* (tokens) {
      for (length += tokens.length; ; length++) yield 0;
    },
  };
  return {
    vocabulary: { size: 2, tokenBytes: (token) => Buffer.from('ab'.charAt(token)), isText: () => true },
    sequences: [sequence],
    contextSizeTokens: 64,
    batchTokens: 16,
    isEndOfGeneration: () => false,
    grammar: async () => ({ handle: undefined, stop: [] }),
  };
}

describe('a generation', () => {
  test('that the vocabulary cannot begin as required says so without the text, which is the user\'s code', async () => {
    const scheduler = new Scheduler(lettersBackend(), { attentionCostSlope: 0 });
    const request = { sequence: 's', priority: 'completion', tokens: [0], maxTokens: 4, sampling: { temperature: 0 }, requiredPrefix: 'secret' } as const;
    await assert.rejects(scheduler.generate(request), (error: Error) => {
      assert.match(error.message, /6 characters/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    assert.equal((await scheduler.generate({ ...request, requiredPrefix: 'a' })).text, 'aaaa');
  });
});
