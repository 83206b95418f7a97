import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { LocalEngine } from '../../../../sidecar/engine/localEngine.ts';
import { PURPOSE_KEY } from '../../../../sidecar/models/adapters/adapterFile.ts';
import type { EngineGenerateParams, EngineGenerateResult, Purpose } from '../../../../sidecar/protocol/engine.ts';
import { keepSteadyPace } from '../../../reference/steadyPace.ts';
import { writeTinyAdapter } from '../../../reference/tinyAdapters.ts';
import { tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

/** Long enough that caches choose rows. */
const PROMPT = Array.from({ length: 700 }, (_, index) => 97 + ((index * 31 + (index >> 4) * 7) % 26));
const MIXTURE = { experts: 2, expertsUsed: 0 };

describe('Adapters for one purpose', () => {
  let folder: string;
  let engine: LocalEngine;
  const file = (name: string): string => path.join(folder, `${name}.gguf`);
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-purpose-'));
    using device = new Device('cpu', { threads: 1 });
    const keys = { context_length: { type: 'u32', value: 2_048 } } as const;
    await writeTinyModel(file('model'), { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary(), keys });
    const forPurpose = (value: Purpose): { readonly [PURPOSE_KEY]: { type: 'string'; value: Purpose } } => ({
      [PURPOSE_KEY]: { type: 'string', value },
    });
    for (const [index, purpose] of (['completion', 'chat'] as const).entries()) {
      await writeTinyAdapter(file(purpose), file('model'), { rank: 8, seed: index, keys: forPurpose(purpose) });
      await writeTinyAdapter(file(`${purpose} for all`), file('model'), { rank: 8, seed: index });
      const mixture = { rank: 4, mixture: MIXTURE, seed: 4 + index };
      await writeTinyAdapter(file(`${purpose} mixture`), file('model'), { ...mixture, keys: forPurpose(purpose) });
      await writeTinyAdapter(file(`${purpose} mixture for all`), file('model'), mixture);
    }
    await writeTinyAdapter(file('third'), file('model'), { rank: 4, seed: 3 });
    engine = new LocalEngine({ log: () => undefined });
  });
  beforeEach(() => keepSteadyPace(mock));
  afterEach(() => mock.restoreAll());
  after(async () => {
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  async function load(adapters: readonly string[], cache = 'full'): Promise<void> {
    await engine.load({
      modelPath: file('model'),
      engine: 'chorus',
      device: 'cpu',
      threads: 1,
      contextSizeTokens: 1_024,
      cache,
      adapters: adapters.map(file),
    });
  }

  const generate = (changes: Partial<EngineGenerateParams> = {}): Promise<EngineGenerateResult> =>
    engine.generate(
      { sequence: 'one', tokens: PROMPT, maxTokens: 16, sampling: { temperature: 0 }, priority: 'chat', ...changes },
      {},
    );

  /** The answer of the model with exactly these adapters. */
  async function answerWith(adapters: readonly string[], cache?: string): Promise<readonly number[]> {
    await load(adapters, cache);
    return (await generate()).tokens;
  }

  for (const cache of ['full', 'snapkv:64', 'kvzip:64', 'tiered:64'])
    it(`count only for it, also where a sequence changes its purpose, with the cache ${cache}`, async () => {
      const expected = {
        completion: await answerWith(['completion for all', 'third'], cache),
        chat: await answerWith(['chat for all', 'third'], cache),
      };
      assert.notDeepEqual(expected.completion, expected.chat);
      await load(['completion', 'chat', 'third'], cache);
      for (const purpose of ['completion', 'chat', 'completion'] as const)
        assert.deepEqual((await generate({ purpose })).tokens, expected[purpose], purpose);
    });

  it('may be a mixture for each purpose', async () => {
    const expected = {
      completion: await answerWith(['completion mixture for all']),
      chat: await answerWith(['chat mixture for all']),
    };
    await load(['completion mixture', 'chat mixture']);
    for (const purpose of ['chat', 'completion'] as const)
      assert.deepEqual((await generate({ purpose })).tokens, expected[purpose], purpose);
  });

  it('leave the other purpose to the model alone', async () => {
    const model = await answerWith([]);
    await load(['completion']);
    assert.deepEqual((await generate({ purpose: 'chat' })).tokens, model);
    assert.notDeepEqual((await generate({})).tokens, model);
  });

  it('keep the rows of the two purposes apart, in memory and on disk', async () => {
    const contextSet = { folder: path.join(folder, 'sets'), name: 'workspace', maxBytes: 1e9 };
    await load(['completion']);
    const chat = (await generate({ purpose: 'chat' })).tokens;
    await load(['completion']);
    await generate({ sequence: 'first', contextSet });
    await engine.keepContexts();
    const other = await generate({ sequence: 'second', copyFrom: 'first', contextSet, purpose: 'chat' });
    assert.deepEqual([other.reusedTokens, other.tokens], [0, chat]);
    const same = await generate({ sequence: 'third', contextSet });
    assert.equal(same.restoredTokens, 512);
    const again = await generate({ sequence: 'second', contextSet, purpose: 'chat' });
    assert.ok(again.reusedTokens >= PROMPT.length - 1, `${again.reusedTokens}`);
  });

  it('count where tokens are scored', async () => {
    const score = async (adapters: readonly string[], purpose?: Purpose): Promise<readonly number[]> => {
      await load(adapters);
      const { tokens } = await engine.score({ prompt: PROMPT.slice(0, 20), expected: PROMPT.slice(20, 40), purpose });
      return tokens.map(({ nats }) => nats);
    };
    assert.deepEqual(await score(['completion'], 'chat'), await score([]));
    assert.deepEqual(await score(['completion']), await score(['completion for all']));
  });
});
