import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, before, describe, it, mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Device } from '../../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { LocalEngine } from '../../../../sidecar/engine/localEngine.ts';
import type { TroubleCode } from '../../../../sidecar/protocol/client.ts';
import type {
  EngineGenerateParams,
  EngineGenerateResult,
  LoadedModel,
  LoadParams,
} from '../../../../sidecar/protocol/engine.ts';
import { answersOverKeptRows } from '../../../reference/answersOverKeptRows.ts';
import { collectGarbage } from '../../../collectGarbage.ts';
import { keepSteadyPace } from '../../../reference/steadyPace.ts';
import { TINY_VOCABULARY, tinyVariants, tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const CONTEXT_TOKENS = 512;
const LOADS = 30;
/** The most that repeated loads may add: leftovers of the allocator, but not a set of caches per load. */
const GROWTH_BYTES = 60e6;

let folder: string;
let device: Device;
let engine: LocalEngine;
before(async () => {
  keepSteadyPace(mock);
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-engine-'));
  engine = new LocalEngine({ log: () => undefined });
});
after(async () => {
  mock.restoreAll();
  await engine.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function write(name: string, options: Partial<Parameters<typeof writeTinyModel>[1]> = {}): Promise<string> {
  const file = path.join(folder, name);
  await writeTinyModel(file, { variant: 'llama', type: 'Q8_0', device, vocabulary: tinyVocabulary(), ...options });
  return file;
}

/**
 * Writes a model with a change in its header behind a tensor's name: dimensions (u32), extents (u64 each), type (u32),
 * offset (u64).
 */
async function damaged(
  name: string,
  tensor: string,
  change: (bytes: Buffer, at: number) => void,
  variant = 'llama',
): Promise<string> {
  const file = await write(name, { variant });
  const bytes = await readFile(file);
  change(bytes, bytes.indexOf(tensor) + tensor.length);
  await writeFile(file, bytes);
  return file;
}

/** Writes a model whose architecture both engines do not know. */
async function writeUnknown(): Promise<string> {
  const file = await write('renamed.gguf');
  const bytes = await readFile(file);
  // As long as the name that it replaces.
  await writeFile(file, Buffer.from(bytes.toString('latin1').replaceAll('llama', 'gptjx'), 'latin1'));
  return file;
}

function load(modelPath: string, changes: Partial<LoadParams> = {}): Promise<LoadedModel> {
  return engine.load({
    modelPath,
    engine: 'auto',
    device: 'cpu',
    threads: 1,
    contextSizeTokens: CONTEXT_TOKENS,
    ...changes,
  });
}

function generate(tokens: readonly number[], maxTokens = 8): Promise<EngineGenerateResult> {
  return engine.generate({
    sequence: 'completion',
    priority: 'completion',
    tokens,
    maxTokens,
    sampling: { temperature: 0 },
  });
}

describe("Chorus's own engine", () => {
  before(() => {
    device = new Device('cpu', { threads: 1 });
  });
  after(() => device[Symbol.dispose]());

  for (const variant of tinyVariants) {
    it(`generates the tokens of llama.cpp: ${variant}`, async () => {
      const file = await write(`${variant}.gguf`, { variant, type: 'F32' });
      const results: EngineGenerateResult[] = [];
      for (const kind of ['chorus', 'llama'] as const) {
        const model = await load(file, { engine: kind === 'chorus' ? 'auto' : kind });
        assert.equal(model.engine, kind);
        assert.equal(model.vocabularySize, TINY_VOCABULARY);
        results.push(await generate(await engine.tokenize('abc def'), 12));
      }
      assert.deepEqual(results[0]?.tokens, results[1]?.tokens);
    });
  }

  for (const variant of ['granitehybrid', 'qwen35'])
    it(`reuses a prefix up to a checkpoint: ${variant}`, async () => {
      const file = await write(`${variant}-prefix.gguf`, { variant, type: 'F32' });
      const model = await load(file, { cache: 'tiered:64' });
      assert.equal(model.copiesRows, false);
      assert.match(
        model.engineLimits.join(' '),
        /keep a state instead of rows, so that the cache "tiered:64" is not used/,
      );
      const prompt = Array.from({ length: 300 }, (_, index) => (index * 7 + 13) % 256);
      const parting = [...prompt.slice(0, 290), ...prompt.slice(0, 20)];
      await generate(prompt);
      const reused = await generate(parting);
      assert.deepEqual([reused.reusedTokens, reused.evaluatedTokens], [256, 54]);
      await load(file);
      assert.deepEqual((await generate(parting)).tokens, reused.tokens);
    });

  it('leaves an unknown architecture to llama.cpp, and reports that', async () => {
    const file = await writeUnknown();
    await assert.rejects(
      load(file, { engine: 'chorus' }),
      (error: TroubleError) => error.code === 'unsupported-model' && /gptjx/.test(error.message),
    );
    await assert.rejects(
      load(file),
      (error: TroubleError) => error.code === 'unsupported-model' && /gptjx/.test(error.message),
    );
  });

  it('opens another device after the remains of a failed load are collected as garbage', async () => {
    await assert.rejects(load(await writeUnknown()), { code: 'unsupported-model' });
    // The failed model is reachable until the present task ends.
    await setImmediate();
    collectGarbage();
    assert.equal((await load(await write('good.gguf'), { threads: 2 })).engine, 'chorus');
  });

  it('follows texts whose n-grams count, and ignores them if they only give drafts', async () => {
    await load(await write('ngrams.gguf', { type: 'F32' }));
    const [text, prompt] = [
      await engine.tokenize('the cart has a total of nine'),
      await engine.tokenize('say that the cart'),
    ];
    const ask = (options: Pick<EngineGenerateParams, 'texts' | 'ngrams'>): Promise<EngineGenerateResult> =>
      engine.generate({
        sequence: 'completion',
        priority: 'completion',
        tokens: prompt,
        maxTokens: 12,
        sampling: { temperature: 0 },
        ...options,
      });
    const alone = await ask({});
    assert.notEqual(alone.text, ' has a total of nine'.slice(0, alone.text.length));
    await engine.setTexts({ name: 'texts', version: '1', texts: [text] });
    assert.deepEqual((await ask({ texts: 'texts' })).tokens, alone.tokens);
    const ngrams = { version: '1', before: prompt };
    const followed = await ask({ texts: 'texts', ngrams });
    assert.ok(followed.text.startsWith(' has a total'), followed.text);
    // A single token is not drafted.
    const oneByOne: number[] = [];
    for (let token = 0; token < followed.tokens.length; token++) {
      const before = [...prompt, ...oneByOne];
      const { tokens } = await engine.generate({
        sequence: 'other',
        priority: 'completion',
        tokens: before,
        maxTokens: 1,
        sampling: { temperature: 0 },
        texts: 'texts',
        ngrams: { version: '1', before },
      });
      oneByOne.push(...tokens);
    }
    assert.deepEqual(oneByOne, followed.tokens);
    await engine.setTexts({ name: 'texts', version: '', texts: [] });
    assert.deepEqual((await ask({ texts: 'texts', ngrams })).tokens, alone.tokens);
  });

  it('measures the same logits and perplexity as llama.cpp, and speed with both', async () => {
    const file = await write('measured.gguf', { type: 'F32' });
    // Whole chunks, in which both engines attend in the same way.
    const tokens = Array.from({ length: 128 }, (_, index) => (index * 31) % TINY_VOCABULARY);
    const text = 'the quick brown fox jumps over the lazy dog. '.repeat(8);
    const measured: { rows: Float32Array; perplexity: number }[] = [];
    for (const kind of ['chorus', 'llama'] as const) {
      assert.equal((await load(file, { engine: kind })).engine, kind);
      const outputPath = path.join(folder, `${kind}.f32`);
      assert.deepEqual(await engine.logits({ tokens, outputPath }), {
        rows: tokens.length,
        vocabularySize: TINY_VOCABULARY,
      });
      const bytes = await readFile(outputPath);
      const { perplexity } = await engine.perplexity({ text, contextTokens: 64 });
      const { results } = await engine.bench({ promptTokens: 32, decodeTokens: 4, depths: [0, 64] });
      assert.deepEqual(
        results.map(({ test, tokens: count, depth }) => [test, count, depth]),
        [
          ['prompt', 32, 0],
          ['decode', 4, 0],
          ['prompt', 32, 64],
          ['decode', 4, 64],
        ],
      );
      assert.ok(results.every(({ tokensPerSecond }) => tokensPerSecond > 0));
      measured.push({
        rows: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)),
        perplexity,
      });
    }
    const [ours, theirs] = measured as [(typeof measured)[0], (typeof measured)[0]];
    assert.equal(ours.rows.length, tokens.length * TINY_VOCABULARY);
    for (const [index, logit] of ours.rows.entries())
      assert.ok(Math.abs(logit - (theirs.rows[index] as number)) < 1e-3, `logit ${index}`);
    assert.ok(Math.abs(ours.perplexity / theirs.perplexity - 1) < 5e-3, `${ours.perplexity} and ${theirs.perplexity}`);
  });

  describe('with a cache that keeps or attends a part of a context', () => {
    const prompt = Array.from({ length: 300 }, (_, index) => 258 + ((Math.imul(index + 1, 0x9e3779b1) >>> 8) % 60));
    const choices = ['snapkv:64,window=16', 'streaming:64,window=16', 'kvzip:64,window=16'] as const;

    for (const cache of choices) {
      it(`gives the same answer to a prompt however it was read: ${cache}`, async () => {
        const file = await write('cached.gguf', { type: 'F32' });
        await load(file, { cache });
        const fresh = await generate(prompt, 24);
        assert.deepEqual([fresh.tokens.length, fresh.evaluatedTokens], [24, prompt.length]);
        await generate(prompt.slice(0, 40), 4);
        await generate([...prompt.slice(0, 200), ...prompt.slice(0, 60)], 10);
        const again = await generate(prompt, 24);
        assert.deepEqual(again.tokens, fresh.tokens);
      });
    }

    for (const cache of choices) {
      it(`gives several answers to a prompt that is read once: ${cache}`, async () => {
        await load(await write('cached.gguf', { type: 'F32' }), { cache });
        const first = await generate(prompt, 24);
        const second = await generate(prompt, 24);
        assert.deepEqual([second.reusedTokens, second.evaluatedTokens], [prompt.length, 0]);
        assert.deepEqual(second.tokens, first.tokens);
        await generate(prompt.slice(40), 8);
        await generate(prompt, 0);
        const third = await generate(prompt, 24);
        assert.deepEqual([third.reusedTokens, third.evaluatedTokens], [prompt.length, 0], 'also if it was read ahead');
        assert.deepEqual(third.tokens, first.tokens);
      });
    }

    it('evaluates an answer again as part of the next prompt if it attended a part of the context', async () => {
      const file = await write('cached.gguf', { type: 'F32' });
      await load(file, { cache: 'tiered:64,page=8,window=32,refresh=4,block=64' });
      const first = await generate(prompt, 16);
      const second = await generate([...prompt, ...first.tokens, 270], 8);
      assert.deepEqual([second.reusedTokens, second.evaluatedTokens], [prompt.length, first.tokens.length + 1]);
    });

    it('gives several answers to a prompt that is read once if there is little room left', async () => {
      await load(await write('cached.gguf', { type: 'F32' }), {
        cache: 'snapkv:64,window=16',
        contextSizeTokens: prompt.length + 12,
      });
      const first = await generate(prompt, 8);
      const second = await generate(prompt, 8);
      assert.deepEqual([second.reusedTokens, second.evaluatedTokens, second.tokens], [prompt.length, 0, first.tokens]);
    });

    it('appends to a prompt of which rows were dropped', async () => {
      const file = await write('cached.gguf', { type: 'F32' });
      await load(file, { cache: 'snapkv:64,window=16' });
      const first = await generate(prompt, 8);
      const further = [...first.tokens.slice(0, 7), 270, 271];
      const second = await generate([...prompt, ...further], 8);
      assert.deepEqual([second.reusedTokens, second.evaluatedTokens], [prompt.length + 7, 2]);
      assert.deepEqual(
        [first.tokens.slice(0, 1), second.tokens],
        await answersOverKeptRows(file, { device, cache: 'snapkv:64,window=16', prompt, further, count: 8 }),
      );
    });

    it('attends all rows of a short context', async () => {
      const file = await write('cached.gguf', { type: 'F32' });
      const answers: (readonly number[])[] = [];
      for (const cache of ['full', 'snapkv:64,window=16', 'tiered:64,page=8,window=32'] as const) {
        assert.equal(
          (await load(file, { cache })).cache,
          cache === 'full' ? undefined : cache,
          'the status names the cache',
        );
        answers.push((await generate(prompt.slice(0, 50), 12)).tokens);
      }
      assert.deepEqual(answers[1], answers[0]);
      assert.deepEqual(answers[2], answers[0]);
    });

    it('evaluates no token of a short context again', async () => {
      await load(await write('cached.gguf', { type: 'F32' }), { cache: 'tiered:64,page=8,window=32' });
      await generate(prompt.slice(0, 100), 12);
      const { reusedTokens, evaluatedTokens } = await generate([...prompt.slice(0, 100), 270], 4);
      assert.deepEqual({ reusedTokens, evaluatedTokens }, { reusedTokens: 100, evaluatedTokens: 1 });
    });

    it('is refused if llama.cpp runs the model', async () => {
      const file = await write('cached.gguf', { type: 'F32' });
      await assert.rejects(
        load(file, { engine: 'llama', cache: 'snapkv:64' }),
        (error: TroubleError) => error.code === 'invalid-input' && /snapkv:64/.test(error.message),
      );
      await assert.rejects(
        load(file, { cache: 'snapkv' }),
        (error: TroubleError) => error.code === 'invalid-input' && /snapkv:2048/.test(error.message),
      );
    });

    it('has no effect if only llama.cpp can run the model, and the status says what to change', async () => {
      const file = await write('small-heads.gguf', {
        type: 'F32',
        keys: {
          'attention.head_count': { type: 'u32', value: 16 },
          'attention.head_count_kv': { type: 'u32', value: 4 },
        },
      });
      const { engine: runs, engineLimits: limits, cache } = await load(file, { cache: 'tiered:64,type=q8_0' });
      assert.deepEqual([runs, cache], ['llama', undefined]);
      assert.match(limits[0] ?? '', /^llama\.cpp runs small-heads\.gguf: .*Leave out "type"\.$/);
      assert.match(
        limits[1] ?? '',
        /"tiered:64,type=q8_0" \(chorus\.cache, --cache\) has no effect here\. Choose "full", or a model/,
      );
    });
  });

  it('frees its memory however often it loads', async () => {
    const file = await write('again.gguf');
    const once = async (): Promise<void> => {
      await load(file);
      await generate(await engine.tokenize('abc'), 4);
      await engine.unload();
    };
    for (let round = 0; round < 5; round++) await once();
    const before = process.memoryUsage.rss();
    for (let round = 0; round < LOADS; round++) await once();
    const grown = process.memoryUsage.rss() - before;
    assert.ok(grown < GROWTH_BYTES, `${LOADS} loads added ${grown} bytes`);
  });

  it('waits for an evaluation before it frees memory', async () => {
    await load(await write('busy.gguf'));
    const running = generate(
      Array.from({ length: 400 }, (_, index) => index % 256),
      100,
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    await engine.unload();
    assert.equal((await running).stopReason, 'cancelled');
  });

  describe('names the error and serves the next request after', () => {
    const cases: readonly (readonly [what: string, code: TroubleCode, says: RegExp, make: () => Promise<string>])[] = [
      [
        'a file that is cut short',
        'truncated-model',
        /cut\.gguf/,
        async () => {
          const file = await write('cut.gguf');
          await truncate(file, (await readFile(file)).length - 50_000);
          return file;
        },
      ],
      [
        'a file with another magic',
        'not-gguf',
        /magic\.gguf/,
        async () => {
          const file = await write('magic.gguf');
          const bytes = await readFile(file);
          bytes.write('GGML');
          await writeFile(file, bytes);
          return file;
        },
      ],
      [
        'a missing tensor',
        'invalid-model',
        /blk\.1\.ffn_up\.weight is missing, expected \[256, 512\]/,
        () => write('missing.gguf', { omit: ['blk.1.ffn_up.weight'] }),
      ],
      [
        'a tensor of another shape',
        'invalid-model',
        /blk\.2\.attn_norm\.weight has the shape \[128\], expected \[256\]/,
        () => damaged('shape.gguf', 'blk.2.attn_norm.weight', (bytes, at) => bytes.writeUInt32LE(128, at + 4)),
      ],
      [
        'a missing norm behind the attention of gemma3',
        'invalid-model',
        /blk\.1\.post_attention_norm\.weight is missing, expected \[256\]/,
        () => write('gemma3-missing.gguf', { variant: 'gemma3', omit: ['blk.1.post_attention_norm.weight'] }),
      ],
      [
        'a norm of keys of another shape in gemma3',
        'invalid-model',
        /blk\.2\.attn_k_norm\.weight has the shape \[32\], expected \[64\]/,
        () =>
          damaged(
            'gemma3-shape.gguf',
            'blk.2.attn_k_norm.weight',
            (bytes, at) => bytes.writeUInt32LE(32, at + 4),
            'gemma3',
          ),
      ],
      [
        'a tensor of a type that does not exist',
        'unsupported-model',
        /blk\.2\.attn_norm\.weight.*type 250/,
        () => damaged('type.gguf', 'blk.2.attn_norm.weight', (bytes, at) => bytes.writeUInt32LE(250, at + 12)),
      ],
      [
        'a file without a tokenizer',
        'invalid-model',
        /no vocabulary/,
        () => write('mute.gguf', { vocabulary: { 'tokenizer.ggml.model': { type: 'string', value: 'none' } } }),
      ],
      ['a missing file', 'model-not-found', /nowhere\.gguf/, async () => path.join(folder, 'nowhere.gguf')],
    ];
    for (const [what, code, says, make] of cases) {
      it(what, async () => {
        const file = await make();
        await assert.rejects(load(file), (error: unknown) => {
          assert.ok(error instanceof TroubleError, String(error));
          assert.equal(error.code, code, error.message);
          assert.match(error.message, says);
          return true;
        });
        assert.equal((await load(await write('good.gguf'))).engine, 'chorus');
        assert.ok((await generate([1, 2, 3])).tokens.length > 0);
      });
    }

    it('a prompt longer than the context', async () => {
      await load(await write('short.gguf'));
      await assert.rejects(
        generate(Array.from({ length: 600 }, () => 1)),
        (error: TroubleError) => error.code === 'context-overflow' && /600 tokens/.test(error.message),
      );
      assert.ok((await generate([1, 2, 3])).tokens.length > 0);
    });

    it('a file that is replaced while the model runs, and keeps the loaded model', async () => {
      const file = await write('replaced.gguf');
      await load(file);
      const before = await generate([5, 6, 7], 12);
      await engine.releaseSequence('completion');
      await copyFile(await write('other.gguf', { variant: 'qwen2' }), file);
      assert.deepEqual((await generate([5, 6, 7], 12)).tokens, before.tokens);
      assert.equal((await load(file)).architecture, 'qwen2');
    });
  });
});
