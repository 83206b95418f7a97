import assert from 'node:assert/strict';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { checkModel } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { openAdapter } from '../../../../sidecar/models/adapters/openAdapters.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import type { LowRankUpcycleParams } from '../../../../sidecar/workshop/protocol.ts';
import { upcycleLowRank } from '../../../../sidecar/workshop/upcycle/lowRank/upcycleLowRank.ts';
import { writeTinyAdapter, type TinyAdapterOptions } from '../../../reference/tinyAdapters.ts';
import { tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

type Gates = LowRankUpcycleParams['gates'];

describe('upcycling low-rank experts refuses, and leaves nothing:', () => {
  let folder: string;
  let base: string;
  let first: string;
  const at = (name: string): string => path.join(folder, name);
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-low-rank-errors-'));
    [base, first] = [at('base.gguf'), at('first.gguf')];
    await writeModel(base, {});
    await writeModel(at('damaged.gguf'), {});
    await spoil(at('damaged.gguf'), 'blk.0.attn_norm.weight');
    await writeTinyAdapter(first, base, { rank: 2, matrices: ['attn_q'] });
    await mkdir(at('texts'));
    await writeFile(at('texts/good.txt'), 'A TEXT OF SOME TOKENS');
    await writeFile(at('picture'), Buffer.of(0xff, 0xfe, 0, 0x80));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function writeModel(file: string, options: Partial<Parameters<typeof writeTinyModel>[1]>): Promise<void> {
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(file, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary(), ...options });
  }

  /** Makes the first value of a tensor in F32 NaN. */
  async function spoil(model: string, tensor: string): Promise<void> {
    const { tensors, dataOffsetBytes } = await readGgufHeader(model);
    const offset = tensors.find(({ name }) => name === tensor)?.offsetBytes as number;
    await using file = await open(model, 'r+');
    await file.write(Buffer.from(Float32Array.of(NaN).buffer), 0, 4, dataOffsetBytes + offset);
  }

  /** Writes the second expert. */
  async function second(options: Partial<TinyAdapterOptions>, ofModel = base): Promise<string> {
    await writeTinyAdapter(at('second.gguf'), ofModel, { rank: 2, matrices: ['attn_q'], ...options });
    return at('second.gguf');
  }

  async function make(other: string | undefined, changes: Partial<LowRankUpcycleParams> = {}): Promise<void> {
    const paths = other === undefined ? [first] : [first, other];
    await upcycleLowRank({
      basePath: base,
      outputPath: at('mixture.gguf'),
      experts: paths.map((file, index) => ({ name: `expert${index + 1}`, path: file })),
      rank: 2,
      expertsUsed: 0,
      gateMode: 'renormalised',
      form: 'projections',
      gates: { kind: 'zero' },
      ...changes,
    });
  }

  const closedForm = (...files: readonly (readonly string[])[]): Gates => ({
    kind: 'closed-form',
    texts: files.map((ofExpert, index) => ({ name: index === 0 ? 'base' : `expert${index}`, files: ofExpert })),
    maxTokens: 100,
    maxTextTokens: 100,
    lambda: 0.01,
    temperature: 0.1,
  });

  interface Case {
    readonly what: string;
    readonly other?: () => Promise<string>;
    readonly changes?: () => Partial<LowRankUpcycleParams>;
    readonly says: RegExp;
  }
  const cases: readonly Case[] = [
    {
      what: 'an adapter of another architecture',
      other: () => second({ keys: { 'general.architecture': { type: 'string', value: 'qwen2' } } }),
      says: /adapter second\.gguf is not used: it is for the architecture "qwen2", but the model has "llama"/,
    },
    {
      what: 'an adapter of a model of another size',
      other: async () => {
        await writeModel(at('wide.gguf'), { keys: { feed_forward_length: { type: 'u32', value: 256 } } });
        return second({ matrices: ['ffn_up'] }, at('wide.gguf'));
      },
      says: /second\.gguf .*tensor blk\.0\.ffn_up\.weight\.lora_b has the shape \[2, 256\], expected \[2, 512\]/,
    },
    {
      what: 'NaN',
      other: () => second({ change: (name, values) => (name.startsWith('blk.2.') ? values.fill(NaN, 7, 8) : values) }),
      says: /second\.gguf .*tensor blk\.2\.attn_q\.weight\.lora_a has the value NaN/,
    },
    {
      what: 'a mixture as an expert',
      other: () => second({ mixture: { experts: 2, expertsUsed: 0 } }),
      says: /second\.gguf is already a mixture of experts/,
    },
    {
      what: 'a model that is missing',
      changes: () => ({ basePath: at('gone.gguf') }),
      says: /gone\.gguf/,
    },
    {
      what: 'an adapter that is missing',
      other: () => Promise.resolve(at('gone.gguf')),
      says: /gone\.gguf/,
    },
    {
      what: 'ranks that are too large together',
      other: () => second({ rank: 600 }),
      says: /matrix blk\.0\.attn_q\.weight would have 2 experts of rank 600, 1200 rows together, expected at most 1024/,
    },
    {
      what: 'a scale beyond float16',
      other: async () => {
        await writeTinyAdapter(first, base, { rank: 2, matrices: ['attn_q'], type: 'F16' });
        return second({ type: 'F16', alpha: 1e9 });
      },
      says: /tensor blk\.0\.attn_q\.weight\.lora_b would have the value -?[\d.]+ with its scale, expected at most 65504/,
    },
    {
      what: 'more experts used than there are',
      changes: () => ({ expertsUsed: 3 }),
      says: /experts used is 3, expected at most 2, the model alone among them/,
    },
    {
      what: 'gates of a mixture of attention that do not add up to 1',
      changes: () => ({ form: 'attention', expertsUsed: 1, gateMode: 'scaled' }),
      says: /gates of a mixture of attention must add up to 1, so scaled gates don't fit/,
    },
    {
      what: 'a mixture of attention without queries',
      changes: () => ({ form: 'attention', experts: [{ name: 'one', path: at('second.gguf') }] }),
      other: () => second({ matrices: ['ffn_up'] }),
      says: /No expert changes the queries \(attn_q\), so all would attend alike/,
    },
    {
      what: 'an expert without texts',
      other: () => second({}),
      changes: () => ({ gates: closedForm([], [at('texts/good.txt')]) }),
      says: /expert expert2 has no texts.* Add --texts expert2=PATH, or choose --gates zero/,
    },
    {
      what: 'texts that are no text',
      other: () => second({}),
      changes: () => ({ gates: closedForm([], [at('texts/good.txt')], [at('picture')]) }),
      says: /texts of expert2 have no tokens: all 1 files are empty or not UTF-8/,
    },
    {
      what: 'texts that are missing',
      changes: () => ({ gates: closedForm([], [at('gone.txt')]) }),
      says: /gone\.txt can't be read/,
    },
    {
      what: 'an output that is an input',
      changes: () => ({ outputPath: first }),
      says: /first\.gguf is also an input file/,
    },
    {
      what: 'an output in a folder that does not exist',
      changes: () => ({ outputPath: at('gone/mixture.gguf') }),
      says: /mixture\.gguf can't be written: the folder .*gone does not exist/,
    },
    {
      what: 'a model with NaN, whose hidden states say nothing',
      changes: () => ({ basePath: at('damaged.gguf'), gates: closedForm([], [at('texts/good.txt')]) }),
      says: /router of block 0 can't be fitted: the model's hidden states on the texts are infinite or NaN/,
    },
  ];
  for (const { what, other, changes, says } of cases)
    it(what, async () => {
      const file = await other?.();
      const before = (await readdir(folder)).sort();
      const firstBytes = await readFile(first);
      await assert.rejects(make(file, changes?.()), (error: unknown) => {
        assert.ok(error instanceof TroubleError, String(error));
        assert.match(error.message, says);
        return true;
      });
      assert.deepEqual((await readdir(folder)).sort(), before);
      assert.deepEqual(await readFile(first), firstBytes);
    });

  it('but not a single expert, nor a sample of its texts among files that are no texts', async () => {
    const files = [at('picture'), at('texts/good.txt')];
    await make(undefined, { gates: { ...closedForm([], files), maxTextTokens: 5 } as Gates });
    const { mixture, matrices } = await openAdapter(at('mixture.gguf'), await checkModel(base));
    assert.deepEqual([mixture?.experts, mixture?.routers.size, matrices.size], [1, 4, 4]);
  });
});
