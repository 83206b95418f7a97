import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import type { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { LocalEngine } from '../../../sidecar/engine/localEngine.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';

const count = (value: number): { readonly type: 'u32'; readonly value: number } => ({ type: 'u32', value });

describe('measuring with a cache that keeps some rows', () => {
  let folder: string;
  let engine: LocalEngine;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-measuring-'));
    const modelPath = path.join(folder, 'model.gguf');
    using device = new Device('cpu', { threads: 1 });
    const keys = {
      context_length: count(8_192),
      block_count: count(2),
      embedding_length: count(64),
      feed_forward_length: count(96),
      'attention.head_count': count(4),
      'attention.head_count_kv': count(2),
    };
    await writeTinyModel(modelPath, {
      variant: 'llama',
      type: 'F32',
      device,
      vocabulary: tinyVocabulary(),
      omit: ['.bias'],
      keys,
    });
    engine = new LocalEngine({ log: () => undefined });
    await engine.load({
      modelPath,
      engine: 'chorus',
      device: 'cpu',
      threads: 1,
      contextSizeTokens: 8_192,
      cache: 'snapkv:64',
    });
  });
  after(async () => {
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const isOverflow =
    (message: RegExp) =>
    (error: TroubleError): boolean =>
      error.code === 'context-overflow' && message.test(error.message);

  it('reads prompts of any length like a request, also after other prompts', async () => {
    const { results } = await engine.bench({ promptTokens: 3_000, decodeTokens: 2, depths: [0, 32, 3_000] });
    assert.deepEqual(
      results.map(({ test, depth }) => [test, depth]),
      [0, 32, 3_000].flatMap((depth) => [
        ['prompt', depth],
        ['decode', depth],
      ]),
    );
    assert.ok(results.every(({ tokensPerSecond }) => tokensPerSecond > 0));
  });

  it('scores tokens behind a prompt like a text whose second half counts', async () => {
    const text = 'a b c d e f g h '.repeat(4);
    const tokens = await engine.tokenize(text);
    const contextTokens = 2 * Math.floor(tokens.length / 2);
    const first = contextTokens / 2;
    const { perplexity } = await engine.perplexity({ text, contextTokens });
    const scored = await engine.score({
      prompt: tokens.slice(0, first + 1),
      expected: tokens.slice(first + 1, contextTokens),
    });
    const nats = scored.tokens.map((each) => each.nats);
    const mean = nats.reduce((sum, each) => sum + each, 0) / nats.length;
    assert.ok(Math.abs(mean - Math.log(perplexity)) < 1e-4, `${mean} against ${Math.log(perplexity)}`);
  });

  it('names the likeliest token, which has fewer nats than all others', async () => {
    const prompt = await engine.tokenize('a b c');
    const { best } = (await engine.score({ prompt, expected: [0] })).tokens[0] as { best: number };
    const natsOf = async (token: number): Promise<number> =>
      (await engine.score({ prompt, expected: [token] })).tokens[0]?.nats as number;
    const all = await Promise.all(Array.from({ length: 40 }, (_, token) => natsOf(token)));
    assert.ok(all.every((nats) => nats >= Math.min(...all)));
    assert.ok((await natsOf(best)) <= Math.min(...all));
  });

  it('refuses to score without a prompt or without expected tokens', async () => {
    await assert.rejects(engine.score({ prompt: [], expected: [1] }), /0 tokens of a prompt and 1 expected/);
    await assert.rejects(engine.score({ prompt: [1], expected: [] }), /1 tokens of a prompt and 0 expected/);
  });

  it('refuses at once if more tokens follow a prompt than there is room for', async () => {
    await assert.rejects(
      engine.bench({ promptTokens: 8, decodeTokens: 2_100, depths: [0, 4_000] }),
      isOverflow(
        /Behind a prompt of 4000 tokens the cache has room for 2048, and 2100 are to follow\. Choose a smaller --decode\./,
      ),
    );
    await assert.rejects(
      engine.perplexity({ text: 'a b '.repeat(2_000), contextTokens: 6_000 }),
      isOverflow(
        /Behind a prompt of 3000 tokens the cache has room for 2048, and 2999 are to follow\. Choose a smaller --ctx\./,
      ),
    );
  });

  it('gives logits only for texts whose rows are all attended', async () => {
    const outputPath = path.join(folder, 'logits.bin');
    const tokens = Array.from({ length: 65 }, (_, index) => 258 + (index % 20));
    await assert.rejects(
      engine.logits({ tokens, outputPath }),
      (error: TroubleError) =>
        error.code === 'invalid-input' &&
        /of 65 tokens this cache keeps 64 rows\. Choose the cache "full"/.test(error.message),
    );
    assert.equal((await engine.logits({ tokens: tokens.slice(1), outputPath })).rows, 64);
  });

  it('measures texts that fit', async () => {
    const { perplexity, tokens } = await engine.perplexity({ text: 'a b '.repeat(1_000), contextTokens: 2_000 });
    assert.ok(tokens > 0 && Number.isFinite(perplexity), `${perplexity} over ${tokens} tokens`);
  });
});
