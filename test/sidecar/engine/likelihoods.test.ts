import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { LocalEngine } from '../../../sidecar/engine/localEngine.ts';
import type { EngineGenerateParams, EngineGenerateResult } from '../../../sidecar/protocol/engine.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';

const tokensOf = (length: number, seed: number): readonly number[] =>
  Array.from({ length }, (_, index) => (index * 7_919 + index * index * seed + 13) % 256);
const prompt = tokensOf(40, 3);
const expected = tokensOf(9, 5);
const asked: Omit<EngineGenerateParams, 'requestId'> = {
  sequence: 'nextEdit:1',
  priority: 'background',
  tokens: prompt,
  expected,
  maxTokens: 0,
  sampling: { temperature: 0 },
};

const assertNear = (one: readonly number[] = [], other: readonly number[] = []): void => {
  assert.equal(one.length, other.length);
  for (const [index, value] of one.entries())
    assert.ok(Math.abs(value - (other[index] as number)) < 1e-3, `${index}: ${value} and ${other[index]}`);
};

describe('the likelihood of tokens', () => {
  let folder: string;
  let modelPath: string;
  let engine: LocalEngine;
  const load = (cache: string): Promise<unknown> =>
    engine.load({ modelPath, engine: 'chorus', device: 'cpu', threads: 1, contextSizeTokens: 512, cache });
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-likelihoods-'));
    modelPath = path.join(folder, 'model.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(modelPath, {
      variant: 'llama',
      type: 'F32',
      device,
      vocabulary: tinyVocabulary(),
      keys: { context_length: { type: 'u32', value: 2_048 } },
    });
    engine = new LocalEngine({ log: () => undefined });
    await load('full');
  });
  after(async () => {
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const natsOf = ({ expected: found }: EngineGenerateResult): readonly number[] | undefined =>
    found?.map(({ nats }) => nats);

  it('is that of measuring, for expected tokens behind a prompt', async () => {
    const result = await engine.generate(asked);
    const { tokens } = await engine.score({ prompt, expected });
    assertNear(
      natsOf(result),
      tokens.map(({ nats }) => nats),
    );
    assert.deepEqual(
      result.expected?.map(({ best }) => best),
      tokens.map(({ best }) => best),
    );
    assert.ok(result.expected?.every(({ nats, bestNats }) => bestNats <= nats));
    assert.deepEqual(result.tokens, []);
  });

  it('stays the same if the sequence holds the prompt, or more, already', async () => {
    const first = await engine.generate(asked);
    const again = await engine.generate(asked);
    assert.equal(again.reusedTokens, prompt.length - 1);
    assertNear(natsOf(again), natsOf(first));
  });

  it('is told for generated tokens', async () => {
    const generated = await engine.generate({ ...asked, expected: undefined, probabilities: true, maxTokens: 6 });
    const { tokens } = await engine.score({ prompt, expected: generated.tokens });
    assert.equal(generated.tokens.length, 6);
    assertNear(
      generated.nats,
      tokens.map(({ nats }) => nats),
    );
  });

  it('is not told unasked', async () => {
    const { nats, expected: found } = await engine.generate({ ...asked, expected: undefined, maxTokens: 2 });
    assert.deepEqual([nats, found], [undefined, undefined]);
  });

  it('is absent after an abort', async () => {
    const result = await engine.generate(asked, { signal: AbortSignal.abort() });
    assert.deepEqual([result.stopReason, result.expected], ['cancelled', undefined]);
  });

  for (const [what, wrong, message] of [
    ['no expected token', { expected: [] }, /0 expected tokens/],
    ['too many', { expected: tokensOf(65, 1) }, /65 expected tokens/],
    ['an answer besides', { maxTokens: 1 }, /1 to generate/],
    ['a token outside the vocabulary', { expected: [100_000] }, /no token 100000/],
    ['more than the context holds', { tokens: tokensOf(505, 1) }, /514 tokens/],
  ] as const)
    it(`refuses ${what}`, async () => {
      await assert.rejects(engine.generate({ ...asked, ...wrong }), message);
    });

  for (const cache of ['snapkv:64', 'tiered:64,window=32'])
    it(`is that of measuring with --cache ${cache}, of which a long prompt fills more than the kept rows`, async () => {
      await engine.unload();
      await load(cache);
      const tokens = tokensOf(300, 7);
      const scored = await engine.score({ prompt: tokens, expected });
      assertNear(
        natsOf(await engine.generate({ ...asked, tokens })),
        scored.tokens.map(({ nats }) => nats),
      );
    });
});
