import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { LocalEngine } from '../../../../sidecar/engine/localEngine.ts';
import { readAdapterFile } from '../../../../sidecar/models/adapters/adapterFile.ts';
import { openAdapter, openAdapters } from '../../../../sidecar/models/adapters/openAdapters.ts';
import { checkModel, type CheckedModel } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { writeTinyAdapter, type TinyAdapterOptions } from '../../../reference/tinyAdapters.ts';
import { tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const QUERY = 'blk.1.attn_q.weight';

describe('An adapter that can’t be used', () => {
  let folder: string;
  let modelPath: string;
  let model: CheckedModel;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-bad-adapter-'));
    modelPath = path.join(folder, 'model.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(modelPath, { variant: 'qwen2', type: 'F32', device, vocabulary: tinyVocabulary() });
    model = await checkModel(modelPath);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const only =
    (name: string, values: (of: Float32Array) => Float32Array | undefined): TinyAdapterOptions['change'] =>
    (tensor, random) =>
      tensor === name ? values(random) : random;
  const cases: readonly (readonly [what: string, options: Partial<TinyAdapterOptions>, reason: string])[] = [
    [
      'is for another architecture',
      { keys: { 'general.architecture': { type: 'string', value: 'llama' } } },
      'it is for the architecture "llama", but the model has "qwen2"',
    ],
    [
      'is a model',
      { keys: { 'general.type': { type: 'string', value: 'model' } } },
      'general.type is "model", expected "adapter"',
    ],
    ['has no type', { keys: { 'adapter.type': undefined } }, 'adapter.type is missing, expected "lora"'],
    [
      'has no number as alpha',
      { keys: { 'adapter.lora.alpha': { type: 'f32', value: NaN } } },
      'adapter.lora.alpha is null, expected a number',
    ],
    [
      'is for an unknown purpose',
      { keys: { 'adapter.chorus.purpose': { type: 'string', value: 'translation' } } },
      'adapter.chorus.purpose is "translation", expected "completion" or "chat"',
    ],
    [
      'has an unknown form of mixture',
      { mixture: { experts: 2, expertsUsed: 0 }, keys: { 'adapter.chorus.form': { type: 'string', value: 'both' } } },
      'adapter.chorus.form is "both", expected projections or attention',
    ],
    [
      'is a mixture of attention whose gates do not add up to 1',
      {
        mixture: { experts: 2, expertsUsed: 1, form: 'attention' },
        keys: { 'adapter.chorus.expert_gate_mode': { type: 'string', value: 'faithful' } },
      },
      'adapter.chorus.expert_gate_mode is "faithful", expected renormalised for a mixture of attention',
    ],
    [
      'is a mixture of attention without queries',
      { mixture: { experts: 2, expertsUsed: 0, form: 'attention' }, matrices: ['attn_output', 'ffn_up'] },
      'it changes no attn_q, but adapter.chorus.form is "attention": each expert needs its queries',
    ],
    [
      'is for a narrower model',
      {
        reshape: (name, [input = 1, output = 1]) =>
          name === `${QUERY}.lora_a` ? [input / 2, output] : [input, output],
      },
      `the tensor ${QUERY}.lora_a has the shape [128, 4], expected [256, 4] for this model`,
    ],
    [
      'is for more heads',
      {
        reshape: (name, [input = 1, output = 1]) =>
          name === `${QUERY}.lora_b` ? [input, output * 2] : [input, output],
      },
      `the tensor ${QUERY}.lora_b has the shape [4, 512], expected [4, 256] for this model`,
    ],
    [
      'has two ranks in one pair',
      { reshape: (name, [input = 1, output = 1]) => (name === `${QUERY}.lora_a` ? [input, 8] : [input, output]) },
      `the tensors ${QUERY}.lora_a [256, 8] and .lora_b [4, 256] do not share a rank`,
    ],
    [
      'has a NaN',
      { change: only(`${QUERY}.lora_b`, (values) => values.fill(NaN, 3, 4)) },
      `the tensor ${QUERY}.lora_b has the value NaN`,
    ],
    [
      'has an infinite value',
      { change: only(`${QUERY}.lora_a`, (values) => values.fill(-Infinity, 7, 8)) },
      `the tensor ${QUERY}.lora_a has the value -Infinity`,
    ],
    [
      'lacks a factor',
      { change: only(`${QUERY}.lora_b`, () => undefined) },
      `it has the tensor "${QUERY}.lora_a" without "${QUERY}.lora_b"`,
    ],
    ['has no tensors', { matrices: [] }, 'it has no tensors'],
    [
      'changes a matrix that adapters can’t change',
      { matrices: ['attn_q', 'output'] },
      'its tensors change "output.weight", which adapters can’t change in this engine',
    ],
    [
      'has too large a rank',
      { rank: 1_025, matrices: ['attn_q'] },
      'the tensor blk.0.attn_q.weight.lora_b has the rank 1025, expected at most 1024',
    ],
    [
      'has a router for fewer experts',
      {
        mixture: { experts: 3, expertsUsed: 0 },
        reshape: (name, [input = 1, output = 1]) => [input, name === 'blk.2.lora_gate_inp.weight' ? 3 : output],
      },
      'the tensor blk.2.lora_gate_inp.weight has the shape [256, 3], expected [256, 4] for this model',
    ],
    [
      'lacks a router',
      { mixture: { experts: 2, expertsUsed: 0 }, change: only('blk.3.lora_gate_inp.weight', () => undefined) },
      'it changes "blk.3.attn_q.weight", but has no router "blk.3.lora_gate_inp.weight"',
    ],
    [
      'has a NaN in a router',
      {
        mixture: { experts: 2, expertsUsed: 0 },
        change: only('blk.3.lora_gate_inp.weight', (values) => values.fill(NaN, 1, 2)),
      },
      'the tensor blk.3.lora_gate_inp.weight has the value NaN',
    ],
    [
      'has a rank that its experts can’t share',
      {
        mixture: { experts: 3, expertsUsed: 0 },
        keys: { 'adapter.chorus.expert_count': { type: 'u32', value: 5 } },
      },
      'the tensor blk.0.attn_q.weight.lora_b has the rank 12, which 5 experts can’t share equally',
    ],
    [
      'uses more experts than it has',
      { mixture: { experts: 2, expertsUsed: 4 } },
      'adapter.chorus.expert_used_count is 4, expected a whole number from 0 to 3',
    ],
  ];
  for (const [what, options, reason] of cases) {
    it(`because it ${what} is named with its tensor`, async () => {
      const file = path.join(folder, 'bad.gguf');
      await writeTinyAdapter(file, modelPath, { rank: 4, ...options });
      await assert.rejects(openAdapter(file, model), (error) => {
        assert.ok(error instanceof TroubleError);
        assert.equal(
          error.message.replaceAll('’', "'"),
          `The adapter bad.gguf is not used: ${reason.replaceAll('’', "'")}.`,
        );
        assert.equal(error.code, 'invalid-model');
        return true;
      });
    });
  }

  it('leaves the model as it is, and the reason is among its limits', async () => {
    const engine = new LocalEngine({ log: () => undefined });
    try {
      const [good, bad, missing] = ['good.gguf', 'bad.gguf', 'missing.gguf'].map((name) => path.join(folder, name));
      await writeTinyAdapter(good as string, modelPath, { rank: 4 });
      await writeTinyAdapter(bad as string, modelPath, {
        rank: 4,
        change: only(`${QUERY}.lora_a`, (a) => a.fill(NaN)),
      });
      const load = (adapters: readonly string[]) =>
        engine.load({ modelPath, engine: 'auto', device: 'cpu', threads: 1, contextSizeTokens: 256, adapters });
      const answer = async (): Promise<readonly number[]> => {
        const prompt = await engine.tokenize('abc');
        const { tokens } = await engine.generate(
          { sequence: 'one', tokens: prompt, maxTokens: 8, sampling: { temperature: 0 }, priority: 'chat' },
          {},
        );
        return tokens;
      };
      const plain = await load([]);
      const expected = await answer();
      const without = await load([bad as string, missing as string]);
      assert.deepEqual(await answer(), expected);
      assert.deepEqual(without.engineLimits, [
        `The adapter bad.gguf is not used: the tensor ${QUERY}.lora_a has the value NaN.`,
        `There is no file ${missing}.`,
      ]);
      assert.deepEqual([plain.adapters, without.adapters, without.engine], [undefined, undefined, 'chorus']);
      const changed = await load([good as string]);
      assert.deepEqual(changed.adapters, [{ name: 'Tiny adapter 1', path: good, experts: 1 }]);
      assert.notDeepEqual(await answer(), expected);
    } finally {
      await engine.dispose();
    }
  });

  it('because another one has routers too is left out', async () => {
    const [first, second] = [path.join(folder, 'first.gguf'), path.join(folder, 'second.gguf')];
    for (const file of [first, second])
      await writeTinyAdapter(file, modelPath, { rank: 4, mixture: { experts: 2, expertsUsed: 0 } });
    const { used, refused } = await openAdapters([first, second], model);
    assert.deepEqual(
      used.map((adapter) => adapter.path),
      [first],
    );
    assert.deepEqual(refused, [
      'The adapter second.gguf is not used: it has routers, and so has first.gguf: use one of the two.',
    ]);
  });

  it('is read once, so that later changes of the file have no effect', async () => {
    const file = path.join(folder, 'changing.gguf');
    await writeTinyAdapter(file, modelPath, { rank: 4 });
    const read = await readAdapterFile(file);
    await writeFile(file, 'no GGUF');
    assert.equal(read.matrices.size, 7 * 4);
    assert.equal(read.matrices.get(QUERY)?.down.bytes.length, 4 * 256 * 4);
  });

  it('is refused at every length that it is cut to', async () => {
    const [whole, cut] = [path.join(folder, 'whole.gguf'), path.join(folder, 'cut.gguf')];
    await writeTinyAdapter(whole, modelPath, { rank: 1, matrices: ['attn_v'] });
    const bytes = await readFile(whole);
    // The last bytes of a file are padding.
    for (let length = 0; length < bytes.length - 32; length += 97) {
      await writeFile(cut, bytes);
      await truncate(cut, length);
      await assert.rejects(openAdapter(cut, model), TroubleError);
    }
  });
});
