import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { copyRows } from '../../../sidecar/engine/copyRows.ts';
import { LocalEngine } from '../../../sidecar/engine/localEngine.ts';
import type { BackendSequence, SequenceRows } from '../../../sidecar/models/backend.ts';
import type { EngineGenerateResult, LoadedModel } from '../../../sidecar/protocol/engine.ts';
import { keepSteadyPace } from '../../reference/steadyPace.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';

describe('copyRows between sequences', () => {
  /** A sequence that holds the rows of some tokens, a byte each, with the tokens' numbers as rows. */
  class FakeSequence {
    tokens: readonly number[];
    readonly rows: SequenceRows;

    constructor(tokens: readonly number[], changes: Partial<SequenceRows> = {}) {
      this.tokens = tokens;
      const held = (): readonly number[] => this.tokens;
      this.rows = {
        key: 'model',
        rowBytes: 1,
        capacity: 4_096,
        evaluatedTokens: 1,
        stretch: 1,
        get tokens() {
          return held();
        },
        holds: (wanted, length) => wanted.slice(0, length).every((token, index) => this.tokens[index] === token),
        read: (first, into) => into.set(this.tokens.slice(first, first + into.length)),
        append: (more, bytes) => {
          assert.deepEqual([...bytes], [...more], 'each token has its row');
          this.tokens = [...this.tokens, ...more];
        },
        ...changes,
      };
    }

    get length(): number {
      return this.tokens.length;
    }

    async truncate(length: number): Promise<number> {
      this.tokens = this.tokens.slice(0, length);
      return length;
    }
  }
  const tokens = Array.from({ length: 600 }, (_, index) => index % 251);
  const copied = (
    target: FakeSequence,
    source: FakeSequence,
    turn: <T>(step: () => Promise<T>) => Promise<T> = (step) => step(),
  ): Promise<number> =>
    copyRows(target as unknown as BackendSequence, source as unknown as BackendSequence, tokens, turn);

  it('copies all but the evaluated tokens', async () => {
    assert.equal(await copied(new FakeSequence([]), new FakeSequence(tokens)), 599);
  });

  it('copies nothing if rows of the source cannot replace those of the target', async () => {
    assert.equal(await copied(new FakeSequence([]), new FakeSequence(tokens, { key: 'other' })), 0);
  });

  it('copies no more than the target holds', async () => {
    assert.equal(await copied(new FakeSequence([], { capacity: 100 }), new FakeSequence(tokens)), 100);
  });

  it('ends if another request changes the source meanwhile', async () => {
    const source = new FakeSequence(tokens);
    let turns = 0;
    const target = new FakeSequence([]);
    const count = await copied(target, source, (step) => {
      // The first turn compares the tokens, the second copies a chunk.
      if (++turns === 3) source.tokens = tokens.map((token) => (token + 1) % 251);
      return step();
    });
    assert.ok(count > 0 && count < 599, String(count));
    assert.deepEqual(target.tokens, tokens.slice(0, count));
  });
});

const PROMPT = 1_100;
const prompt = Array.from({ length: PROMPT }, (_, index) => (index * 7_919 + index * index + 13) % 256);
const EDITED = 600;

// Tiers read whole blocks of 64 tokens, and always evaluate the last eight, whose queries choose pages. A selection
// keeps rows that do not belong to one token each, so it copies none.
for (const [cache, copied] of [
  ['full', { prompt: PROMPT - 1, edited: EDITED }],
  ['tiered:256', { prompt: 1_088, edited: 576 }],
  ['snapkv:512', { prompt: 0, edited: 0 }],
] as const) {
  describe(`copyRows with the cache ${cache}`, () => {
    let folder: string;
    let modelPath: string;
    let engine: LocalEngine;
    before(async () => {
      keepSteadyPace(mock);
      folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-copy-'));
      modelPath = path.join(folder, 'model.gguf');
      using device = new Device('cpu', { threads: 1 });
      await writeTinyModel(modelPath, {
        variant: 'llama',
        type: 'Q8_0',
        device,
        seed: 1,
        vocabulary: tinyVocabulary(),
        keys: { context_length: { type: 'u32', value: 2_048 } },
      });
      engine = new LocalEngine({ log: () => undefined });
    });
    after(async () => {
      mock.restoreAll();
      await engine.dispose();
      await rm(folder, { recursive: true, force: true });
    });

    const load = (): Promise<LoadedModel> =>
      engine.load({ modelPath, engine: 'chorus', device: 'cpu', threads: 1, contextSizeTokens: 2_048, cache });
    const generate = (
      sequence: string,
      tokens: readonly number[] = prompt,
      copyFrom?: string,
    ): Promise<EngineGenerateResult> =>
      engine.generate({
        sequence,
        copyFrom,
        priority: 'completion',
        tokens,
        maxTokens: 12,
        sampling: { temperature: 0 },
      });

    it('saves the evaluation of the copied rows, and both sequences give the same answer', async () => {
      assert.equal((await load()).copiesRows, !cache.startsWith('snapkv'), 'the model tells whether it copies');
      const first = await generate('first');
      const second = await generate('second', prompt, 'first');
      assert.equal(second.reusedTokens, copied.prompt);
      assert.equal(second.reusedTokens + second.evaluatedTokens, PROMPT);
      assert.deepEqual(second.tokens, first.tokens);
      const again = await generate('first');
      assert.deepEqual(again.tokens, first.tokens);
      assert.ok(again.reusedTokens >= second.reusedTokens, 'the source keeps its rows');
    });

    it('copies up to the token where the prompts differ', async () => {
      const edited = [...prompt];
      edited[EDITED] = 7;
      await load();
      const alone = await generate('alone', edited);
      await load();
      await generate('first');
      const second = await generate('second', edited, 'first');
      assert.equal(second.reusedTokens, copied.edited);
      assert.deepEqual(second.tokens, alone.tokens);
    });

    it('copies nothing from a missing sequence or from itself', async () => {
      await load();
      assert.equal((await generate('second', prompt, 'first')).reusedTokens, 0);
      await load();
      assert.equal((await generate('second', prompt, 'second')).reusedTokens, 0);
    });
  });
}
