import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import type { GenerateRequest } from '../../../../sidecar/engine/generation.ts';
import { LocalEngine } from '../../../../sidecar/engine/localEngine.ts';
import { INCLUDES_KEY, PURPOSE_KEY, readAdapterFile } from '../../../../sidecar/models/adapters/adapterFile.ts';
import type { EngineGenerateParams, EngineGenerateResult, ExpertFile } from '../../../../sidecar/protocol/engine.ts';
import { keepSteadyPace } from '../../../reference/steadyPace.ts';
import { writeTinyAdapter } from '../../../reference/tinyAdapters.ts';
import { tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const PROMPT = Array.from({ length: 700 }, (_, index) => 97 + ((index * 31 + (index >> 4) * 7) % 26));
const REQUEST: GenerateRequest = {
  sequence: 'one',
  tokens: PROMPT,
  maxTokens: 16,
  sampling: { temperature: 0 },
  priority: 'chat',
};
/** As many as stay in memory, and two more. */
const WORKSPACES = ['one', 'two', 'three', 'four', 'five', 'six'];

describe('The experts of workspaces', () => {
  let folder: string;
  let engine: LocalEngine;
  let report: string[];
  const file = (name: string): string => path.join(folder, `${name}.gguf`);
  const expert = (name: string, version = '1'): ExpertFile => ({ path: file(name), version });

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-workspace-experts-'));
    using device = new Device('cpu', { threads: 1 });
    const keys = { context_length: { type: 'u32', value: 2_048 } } as const;
    await writeTinyModel(file('model'), { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary(), keys });
    const completion = { [PURPOSE_KEY]: { type: 'string', value: 'completion' } } as const;
    await writeTinyAdapter(file('own'), file('model'), { rank: 4, seed: 90, keys: completion });
    const { key } = await readAdapterFile(file('own'));
    const includes = { [INCLUDES_KEY]: { type: 'string', value: key } } as const;
    for (const [seed, name] of WORKSPACES.entries())
      await writeTinyAdapter(file(name), file('model'), { rank: 8, seed, keys: { ...completion, ...includes } });
    await writeTinyAdapter(file('beside'), file('model'), { rank: 4, seed: 91, keys: completion });
    await writeTinyAdapter(file('mixture'), file('model'), { rank: 4, mixture: { experts: 2, expertsUsed: 0 } });
    await writeFile(file('damaged'), 'GGUF and nothing else');
    engine = new LocalEngine({ log: () => undefined, report: (line) => report.push(line) });
  });
  beforeEach(() => {
    keepSteadyPace(mock);
    report = [];
  });
  afterEach(() => mock.restoreAll());
  after(async () => {
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  async function load(adapters: readonly string[] = [], cache = 'full', own: 'own' | 'none' = 'own'): Promise<void> {
    await engine.load({
      modelPath: file('model'),
      engine: 'chorus',
      device: 'cpu',
      threads: 1,
      contextSizeTokens: 1_024,
      cache,
      experts: own === 'own' ? file('own') : undefined,
      adapters: adapters.map(file),
    });
  }

  const generate = (changes: Partial<EngineGenerateParams> = {}): Promise<EngineGenerateResult> =>
    engine.generate({ ...REQUEST, ...changes }, {});

  /** The answer of the model with these adapters, loaded with the model. */
  async function answerWith(adapters: readonly string[], cache?: string): Promise<readonly number[]> {
    await load(adapters, cache);
    return (await generate()).tokens;
  }

  for (const cache of ['full', 'snapkv:64', 'tiered:64'])
    it(`answer as if each was loaded with the model, with the cache ${cache}`, async () => {
      const expected = {
        one: await answerWith(['one'], cache),
        two: await answerWith(['two'], cache),
        none: await answerWith([], cache),
      };
      assert.equal(new Set(Object.values(expected).map(String)).size, 3);
      await load([], cache);
      for (const name of ['one', 'two', 'none', 'one'] as const)
        assert.deepEqual(
          (await generate(name === 'none' ? {} : { expert: expert(name) })).tokens,
          expected[name],
          name,
        );
    });

  it('take the place of the experts that they include, and stand beside other adapters', async () => {
    const both = await answerWith(['beside', 'one']);
    const alone = await answerWith(['one']);
    await load(['beside']);
    assert.deepEqual((await generate({ expert: expert('one') })).tokens, both);
    assert.notDeepEqual(both, alone);
  });

  it('do not count for chats', async () => {
    await load();
    const chat = (await generate({ purpose: 'chat' })).tokens;
    assert.deepEqual((await generate({ purpose: 'chat', expert: expert('one') })).tokens, chat);
  });

  it('share no rows, in memory or on disk', async () => {
    const two = await answerWith(['two']);
    await load();
    const contextSet = { folder: path.join(folder, 'sets'), name: 'workspace', maxBytes: 1e9 };
    await generate({ sequence: 'first', contextSet, expert: expert('one') });
    await engine.keepContexts();
    const other = await generate({ sequence: 'second', copyFrom: 'first', contextSet, expert: expert('two') });
    assert.deepEqual([other.reusedTokens, other.tokens], [0, two]);
    const same = await generate({ sequence: 'third', contextSet, expert: expert('one') });
    assert.equal(same.restoredTokens, 512);
  });

  it('find their rows on disk again after the model was loaded again', async () => {
    const contextSet = { folder: path.join(folder, 'lasting sets'), name: 'workspace', maxBytes: 1e9 };
    await load();
    await generate({ contextSet, expert: expert('one') });
    await engine.keepContexts();
    await load();
    // Another expert is loaded first, so that names of adapters do not decide.
    await generate({ sequence: 'other', expert: expert('two') });
    const again = await generate({ sequence: 'again', contextSet, expert: expert('one') });
    assert.equal(again.restoredTokens, 512);
  });

  it('leave memory when others come, and are loaded again', async () => {
    const expected = await answerWith(['one']);
    await load();
    for (const name of [...WORKSPACES, ...WORKSPACES, 'one'])
      assert.ok((await generate({ expert: expert(name) })).tokens.length > 0);
    assert.deepEqual((await generate({ expert: expert('one') })).tokens, expected);
    const loads = report.filter((line) => line.startsWith('Loaded the expert of a workspace')).length;
    assert.ok(loads > WORKSPACES.length, `${loads} loads`);
  });

  it('count in a new version from the next request on', async () => {
    const { two, three } = { two: await answerWith(['two']), three: await answerWith(['three']) };
    await writeTinyAdapter(file('changing'), file('model'), { rank: 8, seed: WORKSPACES.indexOf('two') });
    await load([], 'full', 'none');
    assert.deepEqual((await generate({ expert: expert('changing', '1') })).tokens, two);
    await writeTinyAdapter(file('changing'), file('model'), { rank: 8, seed: WORKSPACES.indexOf('three') });
    assert.deepEqual((await generate({ expert: expert('changing', '2') })).tokens, three);
  });

  describe('leave memory after their files were deleted', () => {
    const removals = (): number => report.filter((line) => line.startsWith('Removed the deleted expert')).length;
    const forget = (): Promise<void> => engine.forgetContexts({ folder: path.join(folder, 'sets'), name: 'workspace' });
    const another = (name: string): Promise<void> => copyFile(file('two'), file(name));

    it('as soon as the workspace is forgotten', async () => {
      const expected = await answerWith(['two']);
      await load([], 'full', 'none');
      await another('deleted');
      await generate({ sequence: 'kept', expert: expert('one') });
      await generate({ expert: expert('deleted') });
      await rm(file('deleted'));
      await forget();
      assert.equal(removals(), 1);
      await another('deleted');
      const again = await generate({ expert: expert('deleted') });
      assert.deepEqual([again.reusedTokens, again.tokens], [0, expected]);
      assert.equal(report.filter((line) => line.startsWith('Loaded the expert')).length, 3);
    });

    it('after the request that uses them', async () => {
      await load([], 'full', 'none');
      await another('used');
      const end = new AbortController();
      let forgetting: Promise<void> | undefined;
      const deleteOnce = (): void => {
        if (forgetting) return;
        rmSync(file('used'));
        forgetting = forget().finally(() => end.abort());
      };
      const request = { ...REQUEST, maxTokens: 300, expert: expert('used') };
      const answer = await engine.generate(request, { onChunk: deleteOnce, signal: end.signal });
      assert.ok(answer.tokens.length > 0);
      await forgetting;
      await generate({ sequence: 'two' });
      assert.equal(removals(), 1);
    });
  });

  for (const [name, reason] of [
    ['damaged', /damaged\.gguf/],
    ['mixture', /mixture\.gguf is a mixture/],
    ['missing', /missing\.gguf/],
  ] as const)
    it(`are left out and reported once if the file is ${name}`, async () => {
      const expected = await answerWith([]);
      await load();
      for (let request = 0; request < 2; request++)
        assert.deepEqual((await generate({ expert: expert(name) })).tokens, expected);
      const lines = report.filter((line) => line.includes("can't be used"));
      assert.equal(lines.length, 1, report.join('\n'));
      assert.match(lines[0] as string, reason);
    });
});
