import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setImmediate as nextCycle } from 'node:timers/promises';
import { Device } from '../../../kernels/ggml/device.ts';
import { ChorusSequence } from '../../../sidecar/models/chorus/chorusSequence.ts';
import { LocalEngine } from '../../../sidecar/engine/localEngine.ts';
import type { EngineGenerateParams } from '../../../sidecar/protocol/engine.ts';
import { keepSteadyPace } from '../../reference/steadyPace.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';

const tokensOf = (length: number, seed: number): readonly number[] =>
  Array.from({ length }, (_, index) => (index * 7_919 + index * index * seed + 13) % 256);
const chat: Omit<EngineGenerateParams, 'requestId'> = {
  sequence: 'chat',
  priority: 'chat',
  tokens: tokensOf(900, 3),
  maxTokens: 60,
  sampling: { temperature: 0 },
};
const completion: Omit<EngineGenerateParams, 'requestId'> = {
  sequence: 'completion',
  priority: 'completion',
  tokens: tokensOf(700, 5),
  maxTokens: 20,
  sampling: { temperature: 0 },
};

describe('a chat and completions between its tokens give the same text as alone', () => {
  let folder: string;
  let modelPath: string;
  let engine: LocalEngine;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-interleaved-'));
    modelPath = path.join(folder, 'model.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(modelPath, {
      variant: 'llama',
      type: 'F32',
      device,
      vocabulary: tinyVocabulary(),
      keys: { context_length: { type: 'u32', value: 2_048 } },
    });
    engine = new LocalEngine({ log: () => undefined, report: () => undefined });
  });
  after(async () => {
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  for (const cache of [
    'full',
    'snapkv:128',
    'h2o:128',
    'tiered:64,window=32',
    'tiered:64,window=32,block=0,refresh=8',
  ]) {
    it(`with --cache ${cache}`, async (test) => {
      keepSteadyPace(test.mock);
      const load = (): Promise<unknown> =>
        engine.load({ modelPath, engine: 'chorus', device: 'cpu', threads: 1, contextSizeTokens: 2_048, cache });
      await load();
      const alone = [
        (await engine.generate(chat)).tokens,
        (await engine.generate(completion)).tokens,
        (await engine.generate({ ...completion, tokens: tokensOf(720, 5) })).tokens,
      ];
      await engine.unload();
      await load();
      // The first completion comes while the chat's prompt is evaluated, the second during its answer.
      const reading = test.mock.method(ChorusSequence.prototype, 'readWhole').mock;
      const ended: string[] = [];
      let second: Promise<readonly number[]> | undefined;
      const answer = engine.generate(chat, {
        onChunk: () => {
          second ??= engine.generate({ ...completion, tokens: tokensOf(720, 5) }).then(({ tokens }) => tokens);
        },
      });
      answer.then(
        () => ended.push('chat'),
        () => undefined,
      );
      while (reading.callCount() === 0) await nextCycle();
      const first = await engine.generate(completion);
      ended.push('completion');
      const { tokens } = await answer;
      assert.deepEqual(ended, ['completion', 'chat']);
      assert.deepEqual([tokens, first.tokens, await second], alone);
      assert.equal(tokens.length, 60);
    });
  }
});
