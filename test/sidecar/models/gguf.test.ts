import assert from 'node:assert/strict';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { readGgufHeader } from '../../../sidecar/models/gguf/header.ts';
import { modelName } from '../../../sidecar/models/gguf/modelName.ts';
import { readVocabulary } from '../../../sidecar/models/gguf/vocabulary.ts';
import { allParts, splitPart, validateModel } from '../../../sidecar/models/gguf/validate.ts';
import type { TroubleCode } from '../../../sidecar/protocol/client.ts';
import {
  cut,
  ggufHeaderBytes,
  tinyModel,
  writeGguf,
  type Entry,
  type GgufContent,
  type TensorEntry,
} from './ggufFile.ts';

type BadModel = readonly [name: string, code: TroubleCode, says: RegExp, content: GgufContent];

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-gguf-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function check(file: string): Promise<void> {
  validateModel(await readGgufHeader(file));
}

async function refusal(file: string): Promise<TroubleError> {
  try {
    await check(file);
  } catch (error) {
    assert.ok(error instanceof TroubleError, `expected a TroubleError, got ${String(error)}`);
    return error;
  }
  assert.fail(`${path.basename(file)} was accepted`);
}

describe('a GGUF header', () => {
  test('of a real model has its shape, without its vocabulary', async () => {
    const header = await readGgufHeader(await fetchModel());
    const shape = validateModel(header);
    assert.equal(shape.architecture, 'llama');
    assert.equal(shape.blockCount, 30);
    assert.equal(shape.trainContextTokens, 8192);
    assert.equal(shape.vocabularySize, 49_152);
    // 30 blocks of 3 key-value heads of 64 elements, for keys and values.
    assert.equal(shape.cacheElementsPerToken, 30 * 3 * 64 * 2);
    assert.ok(Math.abs(shape.parameterCount - 134.5e6) < 1e6, `parameters: ${shape.parameterCount}`);
    assert.equal(header.arrayLengths.get('tokenizer.ggml.tokens'), 49_152);
    assert.equal(header.metadata.has('tokenizer.ggml.tokens'), false);
    assert.ok(header.dataOffsetBytes + shape.weightBytes <= header.fileSizeBytes);
  });

  test('of a tiny hand-written model is accepted', async () => {
    const file = path.join(folder, 'tiny.gguf');
    await writeGguf(file, tinyModel());
    await check(file);
  });

  test('may say that a special token does not exist by the number 2^32 - 1', async () => {
    const file = path.join(folder, 'no-token.gguf');
    await writeGguf(
      file,
      tinyModel({ metadata: { 'tokenizer.ggml.eos_token_id': { type: 'u32', value: 2 ** 32 - 1 } } }),
    );
    await check(file);
  });

  test('of an architecture named like a JavaScript property is checked like any other', async () => {
    const file = path.join(folder, 'constructor.gguf');
    await writeGguf(file, renamed('constructor'));
    await check(file);
  });

  const count = (value: number): Entry => ({ type: 'u32', value });
  const experts = { expert_count: count(4), expert_used_count: count(2) };
  const long = 'x'.repeat(100_000);
  const layers: Entry = { type: 'i32s', value: Array.from({ length: 1_000 }, () => 7) };
  const longValues = (
    [
      ['general.type', { type: 'string', value: long }, /not a language model but a "x{80}…"/],
      ['llama.block_count', layers, /block_count is \[7,7/],
      ['llama.block_count', { type: 'string', value: long }, /block_count is "x{80}…"/],
      ['llama.attention.head_count', { type: 'string', value: long }, /head_count is "x{80}…"/],
      ['llama.expert_count', layers, /expert_count is \[7,7/],
      ['llama.rope.scaling.type', { type: 'string', value: long }, /scaling\.type is "x{80}…"/],
      [`tokenizer.ggml.${'x'.repeat(10_000)}_token_id`, count(9), /^.{0,200}…" is 9, the vocabulary has 4 tokens/],
    ] as const
  ).map(([key, entry, says]): BadModel => [
    `with a ${key.slice(0, 30)} of any length`,
    key === 'general.type' ? 'unsupported-model' : 'invalid-model',
    says,
    tinyModel({ metadata: { [key]: entry } }),
  ]);
  const bad: readonly BadModel[] = [
    ['with another magic', 'not-gguf', /does not begin with "GGUF"/, { ...tinyModel(), magic: 'GGML' }],
    ['of version 1', 'unsupported-model', /version 1/, { ...tinyModel(), version: 1 }],
    ['for big-endian machines', 'unsupported-model', /big-endian/, { ...tinyModel(), version: 0x03000000 }],
    ['with more tensors than bytes', 'truncated-model', /cut short/, { ...tinyModel(), tensorCount: 900_000 }],
    [
      'with more tensors than fit into its bytes',
      'truncated-model',
      /cut short/,
      { ...tinyModel(), tensorCount: 1_000 },
    ],
    [
      'with absurdly many tensors',
      'invalid-model',
      /4000000000 tensors/,
      { ...tinyModel(), tensorCount: 4_000_000_000 },
    ],
    [
      'with absurdly many entries',
      'invalid-model',
      /metadata entries/,
      { ...tinyModel(), metadataCount: 4_000_000_000 },
    ],
    [
      'claiming 100,000 blocks',
      'invalid-model',
      /block_count is 100000/,
      tinyModel({ metadata: { 'llama.block_count': { type: 'u32', value: 100_000 } } }),
    ],
    [
      'claiming blocks it lacks',
      'invalid-model',
      /claims 3 blocks/,
      tinyModel({ metadata: { 'llama.block_count': { type: 'u32', value: 3 } } }),
    ],
    [
      'claiming one block more than it has',
      'invalid-model',
      /claims 2 blocks, but the file has 1 \(block 1 is missing\)/,
      tinyModel({ metadata: { 'llama.block_count': { type: 'u32', value: 2 } } }),
    ],
    [
      'with no blocks',
      'invalid-model',
      /block_count is 0/,
      tinyModel({ metadata: { 'llama.block_count': { type: 'u32', value: 0 } } }),
    ],
    [
      'without an architecture',
      'invalid-model',
      /no architecture/,
      tinyModel({ metadata: { 'general.architecture': undefined } }),
    ],
    [
      'with heads that are not a multiple of the key-value heads',
      'invalid-model',
      /3 attention heads, expected a multiple of its 2 key-value heads/,
      tinyModel({
        metadata: { 'llama.attention.head_count': count(3), 'llama.attention.head_count_kv': count(2) },
      }),
    ],
    [
      'using more experts than it has',
      'invalid-model',
      /uses 8 of 4 experts/,
      tinyModel({
        metadata: {
          'llama.expert_count': { type: 'u32', value: 4 },
          'llama.expert_used_count': { type: 'u32', value: 8 },
        },
      }),
    ],
    [
      'with absurdly many experts',
      'invalid-model',
      /expert_count is 100000/,
      tinyModel({ metadata: { 'llama.expert_count': { type: 'u32', value: 100_000 } } }),
    ],
    [
      'with a context of no length',
      'invalid-model',
      /context_length is missing/,
      tinyModel({ metadata: { 'llama.context_length': undefined } }),
    ],
    [
      'with a vocabulary unlike its embedding',
      'invalid-model',
      /4 rows/,
      tinyModel({
        metadata: {
          'tokenizer.ggml.tokens': { type: 'strings', value: ['a', 'b'] },
          'tokenizer.ggml.token_type': undefined,
        },
      }),
    ],
    [
      'without a vocabulary',
      'invalid-model',
      /no vocabulary/,
      tinyModel({ metadata: { 'tokenizer.ggml.tokens': undefined } }),
    ],
    [
      'with a special token outside the vocabulary',
      'invalid-model',
      /eos_token_id" is 4, the vocabulary has 4 tokens/,
      tinyModel({ metadata: { 'tokenizer.ggml.eos_token_id': count(4) } }),
    ],
    [
      'with an alignment that is no power of two',
      'invalid-model',
      /general\.alignment/,
      tinyModel({ metadata: { 'general.alignment': { type: 'u32', value: 24 } } }),
    ],
    [
      'with an unknown tensor type',
      'unsupported-model',
      /unknown type 99/,
      tinyModel({ tensors: [{ name: 'token_embd.weight', shape: [32, 4], type: 99, offset: 0 }] }),
    ],
    [
      'with overlapping tensors',
      'invalid-model',
      /overlap/,
      tinyModel({
        tensors: [
          { name: 'token_embd.weight', shape: [32, 4], type: 0, offset: 0 },
          { name: 'blk.0.x', shape: [32, 4], type: 0, offset: 256 },
        ],
      }),
    ],
    [
      'with a tensor out of line',
      'invalid-model',
      /begins at 8, expected a multiple of 32/,
      tinyModel({ tensors: [{ name: 'token_embd.weight', shape: [32, 4], type: 0, offset: 8 }] }),
    ],
    [
      'with a tensor of five dimensions',
      'invalid-model',
      /has 5 dimensions, expected 1 to 4/,
      tinyModel({ tensors: [{ name: 'token_embd.weight', shape: [32, 4, 1, 1, 1], type: 0, offset: 0 }] }),
    ],
    [
      'with a tensor name that is too long',
      'invalid-model',
      /a tensor name is a text of 257 bytes, more than the 256 bytes allowed/,
      tinyModel({ tensors: [{ name: 'x'.repeat(257), shape: [32, 4], type: 0, offset: 0 }] }),
    ],
    [
      'with a row that ends inside a block',
      'invalid-model',
      /has rows of 33 elements, expected a multiple of 32 for Q4_0/,
      tinyModel({ tensors: [{ name: 'token_embd.weight', shape: [33, 4], type: 2, offset: 0 }] }),
    ],
    [
      'with a tensor of absurd size',
      'invalid-model',
      /shape/,
      tinyModel({ tensors: [{ name: 'token_embd.weight', shape: [2 ** 32, 2 ** 32], type: 0, offset: 0 }] }),
    ],
    [
      'with an empty key',
      'invalid-model',
      /key "" is empty/,
      tinyModel({ metadata: { '': { type: 'u32', value: 1 } } }),
    ],
    [
      'with a key that begins with NUL',
      'invalid-model',
      /key "\\u0000general.name" is cut by a NUL/,
      tinyModel({ metadata: { '\0general.name': { type: 'u32', value: 1 } } }),
    ],
    [
      'with a key cut by NUL',
      'invalid-model',
      /key "llama.x\\u0000y" is cut by a NUL/,
      tinyModel({ metadata: { 'llama.x\0y': { type: 'u32', value: 1 } } }),
    ],
    ...(
      [
        ['without a number of heads', { 'attention.head_count': undefined }, /llama\.attention\.head_count is missing/],
        [
          'without heads',
          { 'attention.head_count': count(0) },
          /llama\.attention\.head_count is 0, expected at least 1/,
        ],
        [
          'with keys and values of different sizes',
          { 'attention.value_length': count(8) },
          /keys have 16 elements a head and its values 8/,
        ],
        [
          'rotating more than a head',
          { 'rope.dimension_count': count(32) },
          /rope\.dimension_count is 32, more than the 16 elements/,
        ],
        [
          'rotating an odd number of elements',
          { 'rope.dimension_count': count(15) },
          /rope\.dimension_count is 15, expected an even number/,
        ],
        [
          'rotating a part of a head',
          { 'rope.dimension_count': count(8) },
          /rope\.dimension_count is 8, expected the 16 elements/,
        ],
        [
          'with an unknown scaling of positions',
          { 'rope.scaling.type': { type: 'string', value: 'spiral' } },
          /rope\.scaling\.type is "spiral", expected none, linear, yarn, longrope/,
        ],
        [
          'with experts but without using any',
          { expert_count: count(4), expert_used_count: count(0) },
          /it has 4 experts, but llama\.expert_used_count is 0/,
        ],
        [
          'with experts but without a number of used experts',
          { expert_count: count(4) },
          /it has 4 experts, but llama\.expert_used_count is missing/,
        ],
        ['using experts that it lacks', { expert_used_count: count(1) }, /uses 1 of 0 experts/],
        [
          'with as many groups as experts',
          { ...experts, expert_group_count: count(4) },
          /expert_group_count is 4, expected fewer than its 4 experts/,
        ],
        [
          'with groups that do not divide its experts',
          { ...experts, expert_group_count: count(3) },
          /expert_group_count is 3, expected a divisor of its 4 experts/,
        ],
        [
          'using no group of experts',
          { ...experts, expert_group_count: count(2) },
          /expert_group_used_count is 0, expected 1 to 1/,
        ],
        [
          'with an unknown function of gates',
          { ...experts, expert_gating_func: count(5) },
          /expert_gating_func is 5, expected 0 to 4/,
        ],
        [
          'with a width that its heads do not divide',
          { 'attention.head_count': count(3) },
          /embedding_length is 32, expected a multiple of its 3 heads/,
        ],
        [
          'with heads of no elements',
          { 'attention.key_length': count(0), 'attention.value_length': count(0) },
          /attention\.key_length is 0/,
        ],
        [
          'with a negative epsilon of norms',
          { 'attention.layer_norm_rms_epsilon': { type: 'f32', value: -1 } },
          /layer_norm_rms_epsilon is -1, expected a number of at least 0/,
        ],
        [
          'with an epsilon of norms that is not a number',
          { 'attention.layer_norm_rms_epsilon': { type: 'f32', value: NaN } },
          /layer_norm_rms_epsilon is NaN/,
        ],
        [
          'with keys of sliding layers that are larger than their values',
          { 'attention.key_length_swa': count(96) },
          /the keys of its sliding layers have 96 elements a head and the values 16, expected as many/,
        ],
        [
          'that rotates more than a head in sliding layers',
          { 'rope.dimension_count_swa': count(18) },
          /rope\.dimension_count_swa is 18, expected an even number of at most the 16 elements of a head/,
        ],
        [
          'with other heads than its projections',
          { 'attention.head_count': count(4), 'attention.key_length': count(16), 'attention.value_length': count(16) },
          /blk\.0\.attn_q\.weight has 32 rows, expected 4 heads of 16/,
        ],
        [
          'with a negative number of predicting blocks',
          { nextn_predict_layers: { type: 'i32', value: -2_147_483_648 } },
          /nextn_predict_layers is -2147483648, expected fewer than its 1 blocks/,
        ],
        [
          'predicting with all of its blocks',
          { nextn_predict_layers: count(1) },
          /nextn_predict_layers is 1, expected fewer than its 1 blocks/,
        ],
      ] as const
    ).map(([name, keys, says]): BadModel => [
      name,
      'invalid-model',
      says,
      tinyModel({
        metadata: Object.fromEntries(
          Object.entries<Entry | undefined>(keys).map(([key, entry]) => [`llama.${key}`, entry]),
        ),
      }),
    ]),
    [
      'of a mixture architecture without experts',
      'invalid-model',
      /smallthinker\.expert_count is missing, expected at least 1/,
      renamed('smallthinker'),
    ],
    [
      'of an architecture for pictures without rope sections',
      'invalid-model',
      /qwen2vl\.rope\.dimension_sections is missing, expected a positive number/,
      renamed('qwen2vl'),
    ],
    [
      'of an architecture for pictures whose rope sections do not fit into a head',
      'invalid-model',
      /qwen2vl\.rope\.dimension_sections adds up to 17, expected at most the 16 elements of a head/,
      renamed('qwen2vl', { 'qwen2vl.rope.dimension_sections': { type: 'i32s', value: [8, 4, 4, 1] } }),
    ],
    [
      'of a hybrid architecture without inner elements',
      'invalid-model',
      /granitehybrid\.ssm\.inner_size is 0, expected 64/,
      renamed('granitehybrid', { 'granitehybrid.ssm.inner_size': count(0) }),
    ],
    ...['qwen35', 'qwen35moe'].map((name): BadModel => [
      `of ${name} with heads of another size than their state`,
      'invalid-model',
      new RegExp(`${name}\\.ssm\\.inner_size is 33, expected 32, 2 heads of 16`),
      renamed(name, recurrentKeys(name, 33)),
    ]),
    ...['qwen35', 'qwen35moe'].flatMap((name) =>
      [
        ['attn_qkv', 'attn_gate'],
        ['attn_gate', 'attn_qkv'],
        ['ssm_out', 'attn_qkv'],
      ].map(([present = '', absent]): BadModel => [
        `of ${name} with ${present} in a recurrent block, but without ${absent}`,
        'invalid-model',
        new RegExp(`it has the tensor blk\\.0\\.${present}\\.weight, but not blk\\.0\\.${absent}\\.weight`),
        renamed(
          name,
          recurrentKeys(name, 32),
          withTensor({ name: `blk.0.${present}.weight`, shape: [32], type: 0, offset: 4608 }),
        ),
      ]),
    ),
    [
      'of an architecture with sliding layers, but with a pattern of none',
      'invalid-model',
      /sliding_window_pattern is 1, which makes no layer slide/,
      renamed('cohere2', { 'cohere2.attention.sliding_window_pattern': count(1) }),
    ],
    [
      'of gpt-oss with a pattern of no sliding layer',
      'invalid-model',
      /gpt-oss\.attention\.sliding_window_pattern is 1, which makes no layer slide/,
      renamed('gpt-oss', { 'gpt-oss.attention.sliding_window_pattern': count(1) }),
    ],
    [
      'of gemma3 with a window, but with a pattern of no sliding layer',
      'invalid-model',
      /gemma3\.attention\.sliding_window_pattern is 1, which makes no layer slide/,
      renamed('gemma3', {
        'gemma3.attention.sliding_window': count(512),
        'gemma3.attention.sliding_window_pattern': count(1),
      }),
    ],
    [
      'with weights that are not aligned for a mapped file',
      'invalid-model',
      /tensor token_embd\.weight begins at byte \d+ of the file, expected a multiple of 32/,
      tinyModel({
        metadata: {
          'general.alignment': count(8),
          'general.name': { type: 'string', value: 'aligned by eight bytes' },
        },
      }),
    ],
    [
      'with a norm in float16',
      'invalid-model',
      /output_norm\.weight is of the type F16, expected F32/,
      withTensor({ name: 'output_norm.weight', shape: [32], type: 1, offset: 4608 }),
    ],
    [
      'with a matrix of integers',
      'invalid-model',
      /output\.weight is of the type I8, which holds no weights/,
      withTensor({ name: 'output.weight', shape: [32, 4], type: 24, offset: 4608 }),
    ],
    [
      'with a list longer than any real list',
      'invalid-model',
      /"general\.list" has 4000001 elements, more than the 4000000/,
      withList(0, 4_000_001),
    ],
    [
      'with a list of eight-byte numbers that ends after the file',
      'truncated-model',
      /cut short/,
      withList(10, 4_000_001),
    ],
    [
      'with an architecture name longer than any real name',
      'invalid-model',
      /general\.architecture is "x{80}…", a name of 10000 characters/,
      tinyModel({ metadata: { 'general.architecture': { type: 'string', value: 'x'.repeat(10_000) } } }),
    ],
    ...longValues,
    [
      'of a projector',
      'unsupported-model',
      /mmproj/,
      tinyModel({ metadata: { 'general.type': { type: 'string', value: 'mmproj' } } }),
    ],
  ];
  bad.forEach(([name, code, says, content], index) => {
    test(`${name} is refused as ${code}`, async () => {
      const file = path.join(folder, `bad-${index}.gguf`);
      await writeGguf(file, content);
      const trouble = await refusal(file);
      assert.equal(trouble.code, code, trouble.message);
      assert.match(trouble.message, says);
      assert.ok(trouble.message.length < 1_000, `a message of ${trouble.message.length} characters`);
    });
  });

  test('with a tokenizer named like a JavaScript property has no known vocabulary', async () => {
    const file = path.join(folder, 'tokenizer.gguf');
    await writeGguf(
      file,
      tinyModel({ metadata: { 'tokenizer.ggml.model': { type: 'string', value: 'constructor' } } }),
    );
    assert.equal(await readVocabulary(file), undefined);
  });

  test('with too much text is refused before it takes memory', async () => {
    const file = path.join(folder, 'long-texts.gguf');
    const textBytes = 32 * 1024 * 1024;
    const handle = await open(file, 'w');
    await handle.write(Buffer.concat([Buffer.from('GGUF\x03\0\0\0'), uint64(0), uint64(100)]), 0, null, 0);
    for (let index = 0, offset = 24; index < 100; index++, offset += textBytes) {
      const key = Buffer.from(`text${index}`);
      const entry = Buffer.concat([uint64(key.length), key, Buffer.from([8, 0, 0, 0]), uint64(textBytes)]);
      await handle.write(entry, 0, null, offset);
      offset += entry.length;
    }
    await handle.truncate(101 * textBytes);
    await handle.close();
    const trouble = await refusal(file);
    assert.equal(trouble.code, 'invalid-model');
    assert.match(trouble.message, /its header has more than the 134 MB of text allowed/);
  });

  test('distinguishes a missing file, a folder, an empty file and a text', async () => {
    const empty = path.join(folder, 'empty.gguf');
    const text = path.join(folder, 'text.gguf');
    const directory = path.join(folder, 'directory.gguf');
    await writeFile(empty, '');
    await writeFile(text, 'This is a text, not a model.');
    await mkdir(directory);
    assert.equal((await refusal(path.join(folder, 'nothing.gguf'))).code, 'model-not-found');
    assert.match((await refusal(directory)).message, /folder/);
    assert.match((await refusal(empty)).message, /empty/);
    assert.equal((await refusal(text)).code, 'not-gguf');
  });

  test('reports the expected size of a truncated file', async () => {
    const file = path.join(folder, 'truncated.gguf');
    const content = tinyModel();
    const header = ggufHeaderBytes(content).length;
    const wholeBytes = header + content.dataBytes;
    await writeGguf(file, content);
    for (const bytes of [wholeBytes - 1, header + 1000]) {
      await cut(file, bytes);
      const trouble = await refusal(file);
      assert.equal(trouble.code, 'truncated-model');
      assert.match(trouble.message, new RegExp(`need ${wholeBytes} bytes .* has ${bytes} `));
    }
  });

  test('cut at any byte is refused, without an unexpected error', async () => {
    const file = path.join(folder, 'cut.gguf');
    const whole = ggufHeaderBytes(tinyModel());
    for (let length = 0; length < whole.length; length += 3) {
      await writeFile(file, whole.subarray(0, length));
      const trouble = await refusal(file);
      assert.ok(trouble.code === 'not-gguf' || trouble.code === 'truncated-model', `${length}: ${trouble.message}`);
    }
  });

  test('with random changed bytes is read or refused, without a crash or an endless loop', async () => {
    const file = path.join(folder, 'fuzz.gguf');
    const whole = Buffer.concat([ggufHeaderBytes(tinyModel()), Buffer.alloc(8192)]);
    const random = mulberry32(20_240_607);
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      const changed = Buffer.from(whole);
      const changes = 1 + Math.floor(random() * 4);
      for (let change = 0; change < changes; change++) {
        const at = Math.floor(random() * (whole.length - 8192));
        const boundary = [0, 1, 0x7f, 0x80, 0xff];
        changed[at] = random() < 0.5 ? boundary[Math.floor(random() * boundary.length)]! : Math.floor(random() * 256);
      }
      await writeFile(file, changed);
      await check(file).catch((error: unknown) => {
        assert.ok(error instanceof TroubleError, `round ${round}: ${String(error)}`);
        refused++;
      });
    }
    assert.ok(refused > 500, `only ${refused} of 2000 were refused`);
  });

  test('of a split model names its parts', () => {
    assert.deepEqual(splitPart('/models/big-00002-of-00003.gguf'), { prefix: '/models/big', part: 2, parts: 3 });
    for (const name of ['big', 'big-00001-of-00000', 'big-00000-of-00002', 'big-00003-of-00002'])
      assert.equal(splitPart(`/models/${name}.gguf`), undefined, name);
    assert.deepEqual(allParts('/m/x-00001-of-00000.gguf'), ['/m/x-00001-of-00000.gguf']);
    assert.deepEqual(allParts('/m/x-00001-of-00002.gguf'), ['/m/x-00001-of-00002.gguf', '/m/x-00002-of-00002.gguf']);
  });
});

/** The tiny model with its keys renamed to another architecture. */
function renamed(
  architecture: string,
  further: Record<string, Entry> = {},
  content: GgufContent = tinyModel(),
): GgufContent {
  const { metadata, ...others } = content;
  const entries = Object.entries({ ...metadata, ...further }).map(
    ([key, entry]) => [key.replace(/^llama\./, `${architecture}.`), entry] as const,
  );
  return {
    ...others,
    metadata: { ...Object.fromEntries(entries), 'general.architecture': { type: 'string', value: architecture } },
  };
}

/** The keys of an architecture whose recurrent blocks have 2 heads of 16 elements. */
function recurrentKeys(architecture: string, innerSize: number): Record<string, Entry> {
  return {
    [`${architecture}.rope.dimension_sections`]: { type: 'i32s', value: [1, 1, 1, 0] },
    [`${architecture}.ssm.inner_size`]: { type: 'u32', value: innerSize },
    [`${architecture}.ssm.time_step_rank`]: { type: 'u32', value: 2 },
    [`${architecture}.ssm.state_size`]: { type: 'u32', value: 16 },
  };
}

/** The tiny model with the beginning of a list and 5 MB of zeros. `elementType` is GGUF's number of a type. */
function withList(elementType: number, length: number): GgufContent {
  const bytes = Buffer.concat([Buffer.from([9, 0, 0, 0, elementType, 0, 0, 0]), uint64(length)]);
  return tinyModel({ metadata: { 'general.list': { type: 'copied', bytes } }, dataBytes: 5_000_000 });
}

/** The tiny model with another tensor. */
function withTensor(tensor: TensorEntry): GgufContent {
  const { tensors, dataBytes } = tinyModel();
  return tinyModel({ tensors: [...tensors, tensor], dataBytes: dataBytes + 512 });
}

describe("a model's name", () => {
  for (const [what, metadata, expected] of [
    ['is the name in the metadata', { 'general.name': 'Small 1B' }, 'Small 1B'],
    ['is the file name if the metadata has none', {}, 'small.Q4_0'],
    ['is the file name if the metadata has an empty name', { 'general.name': '' }, 'small.Q4_0'],
    ['is the file name if the metadata has another type', { 'general.name': 7 }, 'small.Q4_0'],
  ] as const) {
    test(what, () => {
      assert.equal(
        modelName({ path: '/models/small.Q4_0.gguf', metadata: new Map(Object.entries(metadata)) }),
        expected,
      );
    });
  }
});

/** A small seeded generator, uniform in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
