import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fetchModel } from '../../../../.scripts/fetchModel.ts';
import { toFloat32 } from '../../../../kernels/ggml/dequantise.ts';
import { Device } from '../../../../kernels/ggml/device.ts';
import type { TensorType } from '../../../../kernels/ggml/types.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { logProbability } from '../../../../sidecar/models/decoding/logSumExp.ts';
import { openNetwork } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../sidecar/models/chorus/network/placement.ts';
import type { GgufEntry } from '../../../../sidecar/models/gguf/content.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import { LibLlama } from '../../../../sidecar/models/llamaCpp/libLlama.ts';
import { LocalEngine } from '../../../../sidecar/engine/localEngine.ts';
import type { UpcycleParams } from '../../../../sidecar/workshop/protocol.ts';
import { upcycle } from '../../../../sidecar/workshop/upcycle/upcycle.ts';
import { pairedDifference } from '../../../bench/bundled/paired.ts';
import { writeFirstBlocks } from '../../../reference/firstBlocks.ts';
import { onGgmlKernels } from '../../../reference/ggmlKernels.ts';
import { compareLogits } from '../../../reference/compareLogits.ts';
import { TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';
import { replaceKey } from '../../models/ggufFile.ts';
import { upcycleParams } from './upcycleParams.ts';

const CONTEXT_TOKENS = 512;
/** Of SmolLM2's thirty blocks. */
const BLOCKS = 8;
const tokens = Array.from({ length: 80 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);

let folder: string;
let device: Device;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-upcycle-'));
  device = new Device('cpu', { threads: 2 });
});
after(async () => {
  device[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

async function write(name: string, options: Partial<Parameters<typeof writeTinyModel>[1]> = {}): Promise<string> {
  const file = path.join(folder, name);
  await writeTinyModel(file, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary(), ...options });
  return file;
}

async function make(modelPaths: readonly string[], changes: Partial<UpcycleParams> = {}): Promise<string> {
  const outputPath = path.join(folder, 'mixture.gguf');
  await upcycle(upcycleParams(modelPaths, outputPath, changes));
  return outputPath;
}

/** The values of a tensor. */
async function values(file: string, name: string): Promise<Float32Array> {
  const header = await readGgufHeader(file);
  const tensor = header.tensors.find((candidate) => candidate.name === name);
  assert.ok(tensor, `${file} has no ${name}`);
  const start = header.dataOffsetBytes + tensor.offsetBytes;
  return toFloat32(tensor.type as TensorType, (await readFile(file)).subarray(start, start + tensor.sizeBytes));
}

async function logits(file: string): Promise<Float32Array> {
  using network = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: CONTEXT_TOKENS });
  return await network.logits(tokens, { chunkTokens: 64 });
}

describe('upcycling equal models keeps their outputs:', () => {
  const variants: readonly string[] = ['llama', 'qwen2', 'qwen3', 'command-r'];
  const recipes: readonly (readonly [name: string, copies: number, changes: Partial<UpcycleParams>])[] = [
    ['one, as a dense model', 1, {}],
    ['two, a cache per expert', 2, { cache: 'expert' }],
    ['two, a shared cache', 2, { cache: 'shared' }],
    [
      'three, two used, in every second block, a shared cache',
      3,
      { cache: 'shared', expertsUsed: 2, attention: 2, interval: 2 },
    ],
    ['two, attention averaged', 2, { attention: 'average' }],
  ];
  for (const [index, variant] of variants.entries()) {
    for (const type of ['F32', 'Q4_0'] as const) {
      for (const [recipe, [name, copies, changes]] of recipes.entries()) {
        // Bytes of quantised weights are copied in the same way in every architecture.
        if (type === 'Q4_0' && recipe % variants.length !== index) continue;
        it(`${variant} in ${type}, ${name}`, async () => {
          const source = await write('source.gguf', { variant, type });
          const copiesOf = await Promise.all(
            Array.from({ length: copies }, async (_, index) => {
              const copy = path.join(folder, `copy-${index}.gguf`);
              await copyFile(source, copy);
              return copy;
            }),
          );
          const actual = await logits(await make(copiesOf, changes));
          using peer = new LibLlama(source, { contextSizeTokens: CONTEXT_TOKENS, threads: 2, quiet: true });
          const { normalisedSquaredError, meanDivergence, argmaxDisagreements } = compareLogits(
            actual,
            peer.decode(tokens, 0, { all: true }),
            TINY_VOCABULARY,
          );
          if (type === 'F32')
            assert.ok(normalisedSquaredError <= 1e-6, `normalised squared error ${normalisedSquaredError}`);
          assert.ok(meanDivergence <= 1e-3, `mean divergence ${meanDivergence}`);
          assert.deepEqual(argmaxDisagreements, []);
        });
      }
    }
  }

  describe('SmolLM2 twice', () => {
    // Stacks of experts are ggml's. So one of two equal models would have sums of another order.
    onGgmlKernels();
    let models: [string, string];
    let prose: readonly number[];
    let source: string;
    let floatLogits: Float32Array;
    let expectedNats: readonly number[];
    const floatLogitsOf = async (file: string): Promise<Float32Array> => {
      using network = await openNetwork(file, {
        placement: onOneDevice(device),
        capacityTokens: 256,
        cacheType: 'F32',
      });
      return await network.logits(prose.slice(0, 48), { chunkTokens: 32 });
    };
    const natsOf = async (file: string): Promise<number[]> => {
      using network = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256 });
      const nats: number[] = [];
      for (let start = 0; start + 256 <= 768; start += 256) {
        const chunk = prose.slice(start, start + 256);
        network.sequence.truncate(0);
        const logits = await network.logits(chunk, { chunkTokens: 256 });
        const vocabularySize = logits.length / chunk.length;
        chunk
          .slice(1)
          .forEach((next, row) =>
            nats.push(-logProbability(logits.subarray(row * vocabularySize, (row + 1) * vocabularySize), next)),
          );
      }
      return nats;
    };
    before(async () => {
      const whole = await fetchModel();
      models = [path.join(folder, 'smol.gguf'), path.join(folder, 'copy.gguf')];
      await writeFirstBlocks(whole, models[0], { blocks: BLOCKS });
      await copyFile(...models);
      const engine = new LocalEngine({ log: () => undefined });
      await engine.load({ modelPath: models[0], engine: 'chorus', device: 'cpu', threads: 0, contextSizeTokens: 512 });
      prose = await engine.tokenize(await readFile(new URL('../../../../docs/privacy.md', import.meta.url), 'utf8'));
      await engine.dispose();
      source = path.join(folder, 'float.gguf');
      await writeFirstBlocks(whole, source, { blocks: BLOCKS, type: 'F32' });
      [floatLogits, expectedNats] = [await floatLogitsOf(source), await natsOf(models[0])];
    });

    for (const cache of ['expert', 'shared'] as const) {
      it(`gives the same logits in float32, cache: ${cache}`, async () => {
        const vocabularySize = floatLogits.length / 48;
        const rows = Array.from({ length: 48 }, (_, row) =>
          floatLogits.subarray(row * vocabularySize, (row + 1) * vocabularySize),
        );
        const { normalisedSquaredError, argmaxDisagreements } = compareLogits(
          await floatLogitsOf(await make([source, source], { cache })),
          rows,
          vocabularySize,
        );
        assert.ok(normalisedSquaredError <= 1e-9, `normalised squared error ${normalisedSquaredError}`);
        assert.deepEqual(argmaxDisagreements, []);
      });

      // In the quantised model, sums in another order change the rounding of eight-bit inputs. Single tokens differ by
      // that rounding error, but not their mean.
      it(`has the same perplexity when quantised, cache: ${cache}`, async () => {
        const { mean, standardError } = pairedDifference(await natsOf(await make(models, { cache })), expectedNats);
        assert.ok(standardError <= 5e-3, `standard error ${standardError}`);
        assert.ok(Math.abs(mean) <= 3 * standardError, `${mean} nats a token, standard error ${standardError}`);
      });
    }
  });
});

describe('upcycling different models', () => {
  let models: [string, string];
  before(async () => {
    models = [await write('first.gguf', { seed: 1 }), await write('second.gguf', { seed: 2 })];
  });

  /** Rows of a matrix of one of the inputs. */
  const part = async (
    model: string,
    name: string,
    first: number,
    count: number,
    columns: number,
  ): Promise<Float32Array> => (await values(model, name)).subarray(first * columns, (first + count) * columns);

  it('copies queries, keys and feed-forwards expert by expert', async () => {
    const file = await make(models);
    for (const [source, target] of [
      ['attn_q', 'attn_q'],
      ['attn_k', 'attn_k'],
      ['attn_v', 'attn_v'],
      ['ffn_gate', 'ffn_gate_exps'],
      ['ffn_up', 'ffn_up_exps'],
      ['ffn_down', 'ffn_down_exps'],
    ]) {
      for (const kind of ['weight', 'bias']) {
        const expected = await Promise.all(models.map((model) => values(model, `blk.1.${source}.${kind}`)));
        assert.deepEqual(
          await values(file, `blk.1.${target}.${kind}`),
          Float32Array.from(expected.flatMap((expert) => [...expert])),
          `${target}.${kind}`,
        );
      }
    }
  });

  it('puts the columns of the outputs side by side', async () => {
    const stacked = await values(await make(models), 'blk.0.attn_output.weight');
    for (const row of [0, 17, 255]) {
      for (const [expert, model] of models.entries()) {
        assert.deepEqual(
          stacked.subarray((row * 2 + expert) * 256, (row * 2 + expert + 1) * 256),
          await part(model, 'blk.0.attn_output.weight', row, 1, 256),
          `row ${row} of ${expert}`,
        );
      }
    }
  });

  it('orders queries by KV head, then by expert, and averages keys and values for a shared cache', async () => {
    const file = await make(models, { cache: 'shared' });
    const stacked = await values(file, 'blk.0.attn_q.weight');
    // Two KV heads of two query heads of 64 rows each.
    for (const [at, [head, expert]] of (
      [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ] as const
    ).entries()) {
      assert.deepEqual(
        stacked.subarray(at * 128 * 256, (at + 1) * 128 * 256),
        await part(models[expert], 'blk.0.attn_q.weight', head * 128, 128, 256),
      );
    }
    const [first, second] = (await Promise.all(models.map((model) => values(model, 'blk.0.attn_k.weight')))) as [
      Float32Array,
      Float32Array,
    ];
    assert.deepEqual(
      await values(file, 'blk.0.attn_k.weight'),
      first.map((value, index) => Math.fround((value + (second[index] as number)) / 2)),
    );
  });

  it('averages embeddings, norms and the output, with quantised inputs in eight bits', async () => {
    const quantised = await Promise.all([1, 2].map((seed) => write(`q${seed}.gguf`, { seed, type: 'Q4_0' })));
    for (const [inputs, tolerance, type] of [
      [models, 0, 'F32'],
      [quantised, 0.02, 'Q8_0'],
    ] as const) {
      const file = await make(inputs);
      for (const name of [
        'token_embd.weight',
        'output.weight',
        'output_norm.weight',
        'blk.2.attn_norm.weight',
        'blk.2.ffn_norm.weight',
      ]) {
        const [first, second] = (await Promise.all(inputs.map((model) => values(model, name)))) as [
          Float32Array,
          Float32Array,
        ];
        const mean = first.map((value, index) => (value + (second[index] as number)) / 2);
        const most = Math.max(...mean.map(Math.abs));
        (await values(file, name)).forEach((value, index) =>
          assert.ok(Math.abs(value - (mean[index] as number)) <= tolerance * most, `${name} ${index}`),
        );
      }
      assert.equal((await readGgufHeader(file)).tensors.find(({ name }) => name === 'token_embd.weight')?.type, type);
    }
  });

  it('keeps the bytes of quantised experts', async () => {
    const quantised = await Promise.all([1, 2].map((seed) => write(`k${seed}.gguf`, { seed, type: 'Q4_K' })));
    const file = await make(quantised);
    const header = await readGgufHeader(file);
    assert.equal(header.tensors.find(({ name }) => name === 'blk.0.attn_output.weight')?.type, 'Q4_K');
    const expected = await Promise.all(quantised.map((model) => values(model, 'blk.0.ffn_up.weight')));
    assert.deepEqual(
      await values(file, 'blk.0.ffn_up_exps.weight'),
      Float32Array.from(expected.flatMap((expert) => [...expert])),
    );
  });

  it('makes the same routers from the same seed', async () => {
    const read = async (seed: number): Promise<Float32Array> =>
      values(await make(models, { gates: { kind: 'random', seed } }), 'blk.3.ffn_gate_inp.weight');
    assert.deepEqual(await read(5), await read(5));
    assert.notDeepEqual(await read(5), await read(6));
  });

  it('points routers to the hidden states of their prompts', async () => {
    const prompts = [
      { positive: ['abc abc abc'], negative: ['x = 1; y = 2;'] },
      { positive: ['x = 1; y = 2;'], negative: ['abc abc abc'] },
    ];
    const file = await make(models, { gates: { kind: 'hidden', prompts, scale: 3 } });
    for (const router of ['attn_gate_inp', 'ffn_gate_inp']) {
      const rows = await values(file, `blk.1.${router}.weight`);
      const [first, second] = [rows.subarray(0, 256), rows.subarray(256)];
      assert.ok(Math.abs(Math.hypot(...first) - 3) < 1e-4, `${router} is ${Math.hypot(...first)} long`);
      // The rows of both experts are opposite.
      first.forEach((value, index) => assert.ok(Math.abs(value + (second[index] as number)) < 1e-4));
    }
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('.')),
      [],
    );
  });

  it('makes no routers for a dense model, and needs no prompts', async () => {
    const gates = { kind: 'hidden', prompts: [], scale: 1 } as const;
    assert.deepEqual(
      await readFile(await make(models, { dense: true, gates })),
      await readFile(await make(models, { dense: true })),
    );
  });

  it("makes a model that Chorus's own engine runs, and llama.cpp refuses with the reason", async () => {
    const file = await make(models, { cache: 'shared', expertsUsed: 2 });
    const engine = new LocalEngine({ log: () => undefined });
    const load = (kind: 'auto' | 'llama') =>
      engine.load({ modelPath: file, engine: kind, device: 'cpu', threads: 1, contextSizeTokens: CONTEXT_TOKENS });
    assert.equal((await load('auto')).engine, 'chorus');
    const result = await engine.generate({
      sequence: 'completion',
      priority: 'completion',
      tokens: await engine.tokenize('abc'),
      maxTokens: 4,
      sampling: { temperature: 0 },
    });
    assert.equal(result.tokens.length, 4);
    await assert.rejects(
      load('llama'),
      (error: TroubleError) =>
        error.code === 'unsupported-model' && /only Chorus's own engine runs/.test(error.message),
    );
    await engine.dispose();
  });
});

describe('upcycling models that do not fit together names the difference, both values and both files:', () => {
  const changed = (key: string, entry: GgufEntry) => async (): Promise<string> => {
    const file = await write('other.gguf', { seed: 2 });
    await replaceKey(file, key, entry);
    return file;
  };
  const vocabulary = tinyVocabulary()['tokenizer.ggml.tokens'] as { readonly value: readonly string[] };
  const cases: readonly (readonly [what: string, other: () => Promise<string>, says: RegExp])[] = [
    [
      'the architecture',
      () => write('other.gguf', { variant: 'qwen2' }),
      /general\.architecture is llama in first\.gguf and qwen2 in other\.gguf/,
    ],
    [
      'a size',
      () => write('other.gguf', { keys: { feed_forward_length: { type: 'u32', value: 256 } } }),
      /llama\.feed_forward_length is 512 in first\.gguf and 256 in other\.gguf/,
    ],
    [
      'a tensor that is missing in one',
      () => write('other.gguf', { omit: ['blk.2.attn_q.bias'] }),
      /the tensor blk\.2\.attn_q\.bias is \[256\] in first\.gguf and missing in other\.gguf/,
    ],
    [
      'the rope',
      changed('llama.rope.freq_base', { type: 'f32', value: 500_000 }),
      /llama\.rope\.freq_base is 10000 in first\.gguf and 500000 in other\.gguf/,
    ],
    [
      'the tokenizer',
      changed('tokenizer.ggml.pre', { type: 'string', value: 'smollm' }),
      /tokenizer\.ggml\.pre is "gpt-2" in first\.gguf and "smollm" in other\.gguf/,
    ],
    [
      'a token',
      changed('tokenizer.ggml.tokens', { type: 'strings', value: vocabulary.value.with(300, 'QQ') }),
      /tokenizer\.ggml\.tokens, number 300, is "ec" in first\.gguf and "QQ" in other\.gguf/,
    ],
    [
      "a family that can't be upcycled",
      () => write('other.gguf', { variant: 'starcoder2' }),
      /other\.gguf has the architecture "starcoder2", expected one of llama, qwen2/,
    ],
    [
      'a mixture already',
      () => write('other.gguf', { variant: 'llama+experts' }),
      /other\.gguf is already a mixture of experts/,
    ],
  ];
  for (const [what, other, says] of cases) {
    it(what, async () => {
      const first = await write('first.gguf');
      const second = await other();
      await rm(path.join(folder, 'mixture.gguf'), { force: true });
      const before = (await readdir(folder)).sort();
      await assert.rejects(make([first, second]), (error: unknown) => {
        assert.ok(error instanceof TroubleError, String(error));
        assert.match(error.message, says);
        return true;
      });
      assert.deepEqual((await readdir(folder)).sort(), before);
    });
  }

  it('more used experts than there are', async () => {
    const first = await write('first.gguf');
    await assert.rejects(
      make([first, await write('second.gguf')], { expertsUsed: 3 }),
      /experts used is 3, expected at most 2/,
    );
    await assert.rejects(
      make([first, await write('second.gguf')], {
        gates: { kind: 'hidden', prompts: [{ positive: ['a'] }], scale: 1 },
      }),
      /prompts for 1 experts, but 2 models/,
    );
  });

  it('an output that is an input', async () => {
    const first = await write('first.gguf');
    await assert.rejects(
      make([first, await write('second.gguf')], { outputPath: first }),
      /first\.gguf is also an input file/,
    );
  });
});
