import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Device } from '../../../../kernels/ggml/device.ts';
import type { TensorType } from '../../../../kernels/ggml/types.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { openNetwork } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../sidecar/models/chorus/network/placement.ts';
import { readGgufHeader, type GgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import { copiedMetadata } from '../../../../sidecar/models/gguf/content.ts';
import { writeGguf } from '../../../../sidecar/models/gguf/writer.ts';
import { LibLlama } from '../../../../sidecar/models/llamaCpp/libLlama.ts';
import { quantize } from '../../../../sidecar/workshop/quantize/quantize.ts';
import { targetTypes, type TargetType } from '../../../../sidecar/workshop/quantize/targetTypes.ts';
import { compareLogits } from '../../../reference/compareLogits.ts';
import { llamaQuantize } from '../../../reference/llamaQuantize.ts';
import { TINY_VOCABULARY, tinyVocabulary, type writeTinyModel } from '../../../reference/tinyModels.ts';
import { contents, CONTEXT_TOKENS, Quantizing, tokens } from './quantizing.ts';

let work: Quantizing;
let folder: string;
let device: Device;
let result: string;
before(async () => {
  work = await Quantizing.open();
  ({ folder, device, result } = work);
});
after(() => work[Symbol.asyncDispose]());

const write: Quantizing['write'] = (...args) => work.write(...args);
const make: Quantizing['make'] = (...args) => work.make(...args);

const typesIn = ({ tensors }: GgufHeader): ReadonlyMap<string, string> =>
  new Map(tensors.map(({ name, type }) => [name, type]));

describe('quantising equals llama.cpp byte by byte:', () => {
  const cases: readonly (readonly [
    name: string,
    options: Partial<Parameters<typeof writeTinyModel>[1]>,
    types: readonly TargetType[],
  ])[] = [
    ['a Llama in float32', { type: 'F32' }, Object.keys(targetTypes) as TargetType[]],
    ['a Llama in float16', { type: 'F16' }, ['Q8_0', 'Q4_K']],
    ['a Llama in eight bits', { type: 'Q8_0' }, ['Q4_0', 'F16', 'F32']],
    ['a mixture of experts', { variant: 'qwen3moe' }, ['Q4_K']],
    ['per-head norms', { variant: 'qwen3' }, ['Q5_1']],
    [
      'rows of three blocks of 32',
      { keys: { feed_forward_length: { type: 'u32', value: 96 } } },
      ['Q4_K', 'Q5_K', 'Q6_K', 'Q4_0'],
    ],
    ['rows that are not whole blocks', { keys: { feed_forward_length: { type: 'u32', value: 80 } } }, ['Q4_K', 'Q8_0']],
  ];
  for (const [name, options, types] of cases) {
    for (const type of types) {
      it(`${name}, to ${type}`, async () => {
        const source = await write('source.gguf', options);
        const theirs = path.join(folder, 'theirs.gguf');
        llamaQuantize(source, theirs, type);
        await make(source, type);
        assert.deepEqual(await contents(result), await contents(theirs));
        const [ours, expected] = [await readGgufHeader(result), await readGgufHeader(theirs)];
        for (const key of ['general.file_type', 'general.quantization_version', 'general.architecture'])
          assert.equal(ours.metadata.get(key), expected.metadata.get(key), key);
      });
    }
  }
});

describe('a quantised model', () => {
  for (const [from, to] of [
    ['F32', 'Q4_K'],
    ['Q8_0', 'Q5_0'],
  ] as const) {
    it(`from ${from} to ${to} runs in both engines alike`, async () => {
      await make(await write('source.gguf', { type: from }), to);
      using network = await openNetwork(result, { placement: onOneDevice(device), capacityTokens: CONTEXT_TOKENS });
      using peer = new LibLlama(result, { contextSizeTokens: CONTEXT_TOKENS, threads: 2, quiet: true });
      const { meanDivergence, argmaxDisagreements } = compareLogits(
        await network.logits(tokens, { chunkTokens: 80 }),
        peer.decode(tokens, 0, { all: true }),
        TINY_VOCABULARY,
      );
      assert.ok(meanDivergence <= 1e-3, `mean divergence ${meanDivergence}`);
      assert.deepEqual(argmaxDisagreements, []);
    });
  }

  it('has other types for matching patterns, and the result counts them', async () => {
    const source = await write('source.gguf', { keys: { feed_forward_length: { type: 'u32', value: 96 } } });
    const made = await make(source, 'Q4_K', {
      patterns: [
        { pattern: 'token_embd|^output', type: 'Q8_0' },
        { pattern: 'blk\\.0\\..*_q\\.', type: 'F16' },
      ],
    });
    const types = typesIn(await readGgufHeader(result));
    assert.deepEqual(
      ['token_embd', 'output', 'blk.0.attn_q', 'blk.1.attn_q', 'blk.1.ffn_down', 'blk.1.ffn_up', 'output_norm'].map(
        (name) => types.get(`${name}.weight`),
      ),
      ['Q8_0', 'Q8_0', 'F16', 'Q4_K', 'Q5_0', 'Q4_K', 'F32'],
    );
    assert.deepEqual(
      [made.bytesBefore, made.bytesAfter],
      [(await readFile(source)).length, (await readFile(result)).length],
    );
    for (const { type, tensors, bytes } of made.types) {
      const found = (await readGgufHeader(result)).tensors.filter((tensor) => tensor.type === type);
      assert.deepEqual(
        [tensors, bytes],
        [found.length, found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)],
        type,
      );
    }
    assert.deepEqual(
      made.fallbacks.map(({ tensor, columns, wanted, type }) => [tensor, columns, wanted, type]),
      [0, 1, 2, 3].map((block) => [`blk.${block}.ffn_down.weight`, 96, 'Q4_K', 'Q5_0']),
    );
    assert.equal(made.requantised, 0);
  });

  it('keeps the bytes of tensors with the right type, and counts requantised tensors', async () => {
    const source = await write('source.gguf', { type: 'Q8_0' });
    const made = await make(source, 'Q8_0', { patterns: [{ pattern: 'ffn_up', type: 'Q4_0' }] });
    assert.equal(made.requantised, 4);
    const [before, after] = [await contents(source), await contents(result)];
    for (const [name, { bytes }] of before)
      if (!name.includes('ffn_up')) assert.deepEqual(after.get(name)?.bytes, bytes, name);
  });

  it('merges several files into one', async () => {
    const source = await write('source.gguf');
    const header = await readGgufHeader(source);
    const whole = await contents(source);
    const tensors = header.tensors.map(({ name, shape, type }) => ({
      name,
      shape,
      type,
      chunks: () => [whole.get(name)?.bytes as Buffer],
    }));
    const part = (number: number): string => path.join(folder, `split-0000${number}-of-00002.gguf`);
    await writeGguf(part(1), { metadata: await copiedMetadata(header), tensors });
    await make(source, 'Q4_1');
    const expected = await contents(result);
    await make(part(1), 'Q4_1');
    assert.deepEqual(await contents(result), expected);
    assert.deepEqual(
      [...(await readGgufHeader(result)).metadata.keys()].filter((key) => key.startsWith('split.')),
      [],
    );
    await assert.rejects(make(part(1), 'Q4_1', { outputPath: part(2) }), /is also an input file/);
  });
});

describe('a matrix whose type is "keep"', () => {
  it('keeps its bytes, and the file keeps its type', async () => {
    const source = await write('source.gguf', { type: 'Q8_0' });
    await make(source, 'keep', { patterns: [{ pattern: 'attn_q', type: 'Q4_0' }] });
    const [before, made] = [await contents(source), await contents(result)];
    for (const [name, { bytes }] of before)
      assert.equal(
        Buffer.from(bytes).equals(Buffer.from(made.get(name)!.bytes)),
        !name.endsWith('attn_q.weight'),
        name,
      );
    assert.equal(
      (await readGgufHeader(result)).metadata.get('general.file_type'),
      (await readGgufHeader(source)).metadata.get('general.file_type'),
    );
  });

  it('may be excluded before a more general pattern', async () => {
    const source = await write('source.gguf', { type: 'F16' });
    await make(source, 'Q4_0', { patterns: [{ pattern: 'attn_k', type: 'keep' }] });
    const types = typesIn(await readGgufHeader(result));
    assert.deepEqual([types.get('blk.0.attn_k.weight'), types.get('blk.0.attn_q.weight')], ['F16', 'Q4_0']);
  });
});

describe('a model that is quantised with a calibration text', () => {
  const sizes = { embedding_length: 64, feed_forward_length: 96, block_count: 2 };
  const keys = Object.fromEntries(Object.entries(sizes).map(([key, value]) => [key, { type: 'u32', value } as const]));
  const text = Array.from({ length: 400 }, (_, index) => 'abcdefg =(;)\n'[(index * index * 7 + index) % 13]).join('');
  const calibration = { text, maxTokens: 2_000, threads: 1 };
  const textModel = (name: string, variant = 'llama'): Promise<string> =>
    write(name, { variant, vocabulary: tinyVocabulary(), keys: variant === 'llama' ? keys : {}, omit: ['.bias'] });

  async function logitsOf(file: string): Promise<Float32Array> {
    using network = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: CONTEXT_TOKENS });
    return await network.logits([...Buffer.from(text.slice(0, 200), 'utf8')], { chunkTokens: 200 });
  }

  for (const type of ['Q4_0', 'IQ4_NL', 'Q4_1', 'Q5_0'] as const) {
    it(`is closer to the original in ${type} than without calibration`, async () => {
      const source = await textModel('source.gguf');
      const expected = await logitsOf(source);
      const error = (logits: Float32Array): number =>
        logits.reduce((sum, logit, index) => sum + (logit - (expected[index] as number)) ** 2, 0);
      const patterns = [{ pattern: 'token_embd|^output', type: 'F16' }];
      await make(source, type, { patterns });
      const plain = error(await logitsOf(result));
      const made = await make(source, type, { patterns, calibration });
      const calibrated = error(await logitsOf(result));
      assert.ok(calibrated < 0.9 * plain, `${calibrated} of ${plain}`);
      assert.deepEqual(made.types.map((each) => each.type).sort(), ['F16', 'F32', type].sort());
    });
  }

  it('rounds its experts by the inputs of all of them', async () => {
    const source = await textModel('source.gguf', 'qwen3moe');
    await make(source, 'Q4_0', { calibration });
    const [made, plain] = [await contents(result), (await make(source, 'Q4_0'), await contents(result))];
    for (const name of ['blk.0.ffn_gate_exps.weight', 'blk.0.ffn_down_exps.weight', 'blk.1.attn_q.weight'])
      assert.notDeepEqual(made.get(name)?.bytes, plain.get(name)?.bytes, name);
    for (const name of ['token_embd.weight', 'blk.0.ffn_gate_inp.weight'])
      assert.deepEqual(made.get(name)?.bytes, plain.get(name)?.bytes, name);
  });

  for (const isTied of [true, false]) {
    it(`has its ${isTied ? 'embedding, which is also the output matrix,' : 'output matrix, and not its embedding,'} rounded by the output of the last norm`, async () => {
      const source = await write('source.gguf', { vocabulary: tinyVocabulary(), keys, isTied, omit: ['.bias'] });
      const types = { type: 'keep', patterns: [{ pattern: 'token_embd|^output\\.', type: 'Q4_0' }] };
      await make(source, types.type, { patterns: types.patterns, calibration });
      const made = await contents(result);
      await make(source, types.type, { patterns: types.patterns });
      const plain = await contents(result);
      const changed = [...made]
        .filter(([name, { bytes }]) => !Buffer.from(bytes).equals(Buffer.from(plain.get(name)!.bytes)))
        .map(([name]) => name);
      assert.deepEqual(changed, [isTied ? 'token_embd.weight' : 'output.weight']);
    });
  }

  it('needs some pages of text', async () => {
    await assert.rejects(
      make(await textModel('source.gguf'), 'Q4_0', { calibration: { ...calibration, text: 'let a = b' } }),
      /has \d tokens, expected at least 256/,
    );
  });
});

describe('quantising describes the problem and leaves nothing:', () => {
  /** Runs failing work beside files that must stay unchanged. */
  async function fails(work: (source: string) => Promise<unknown>, says: RegExp): Promise<void> {
    const source = await write('source.gguf');
    await rm(result, { force: true });
    const before = (await readdir(folder)).sort();
    await assert.rejects(work(source), (error: unknown) => {
      assert.ok(error instanceof TroubleError, String(error));
      assert.match(error.message, says);
      return true;
    });
    assert.deepEqual((await readdir(folder)).sort(), before);
  }

  it('a missing model', () => fails(() => make(path.join(folder, 'gone.gguf'), 'Q8_0'), /gone\.gguf/));
  it('a file that is not a model', () =>
    fails(async (source) => {
      await writeFile(source, 'hello');
      return make(source, 'Q8_0');
    }, /source\.gguf is not a GGUF file/));
  it('an output that is the input', () =>
    fails(
      (source) => make(source, 'Q8_0', { outputPath: path.join(folder, '.', 'source.gguf') }),
      /is also an input file/,
    ));
  it('an output in a missing folder', () =>
    fails(
      (source) => make(source, 'Q8_0', { outputPath: path.join(folder, 'nowhere', 'x.gguf') }),
      /the folder .*nowhere does not exist/,
    ));
  it('a pattern without a match', () =>
    fails(
      (source) => make(source, 'Q8_0', { patterns: [{ pattern: 'nothing', type: 'F16' }] }),
      /"nothing" is in the name of no tensor/,
    ));

  it('a NaN, with its tensor and row', () =>
    fails(async (source) => {
      const header = await readGgufHeader(source);
      const tensor = header.tensors.find(({ name }) => name === 'blk.2.ffn_up.weight') as GgufHeader['tensors'][0];
      const bytes = await readFile(source);
      bytes.writeFloatLE(NaN, header.dataOffsetBytes + tensor.offsetBytes + 4 * (7 * 256 + 3));
      await writeFile(source, bytes);
      return make(source, 'Q4_K');
    }, /The tensor blk\.2\.ffn_up\.weight holds NaN in row 7/));

  it('a value that overflows the type, with its tensor and row', () =>
    fails(async (source) => {
      const header = await readGgufHeader(source);
      const tensor = header.tensors.find(({ name }) => name === 'blk.2.ffn_up.weight') as GgufHeader['tensors'][0];
      const bytes = await readFile(source);
      bytes.writeFloatLE(1e6, header.dataOffsetBytes + tensor.offsetBytes + 4 * (7 * 256 + 3));
      await writeFile(source, bytes);
      await make(source, 'BF16');
      await rm(result);
      await assert.rejects(
        make(source, 'Q4_0'),
        /blk\.2\.ffn_up\.weight holds values in row 7 that are too large for Q4_0/,
      );
      return make(source, 'F16');
    }, /The tensor blk\.2\.ffn_up\.weight holds values in row 7 that are too large for F16: choose another type for it with --tensor, such as BF16\./));

  it('an aborted signal, without an output', async () => {
    const source = await write('source.gguf');
    const before = (await readdir(folder)).sort();
    const abort = new AbortController();
    const shares: number[] = [];
    const stopped = quantize(
      { modelPath: source, outputPath: path.join(folder, 'stopped.gguf'), type: 'Q8_0', patterns: [] },
      {
        signal: abort.signal,
        onProgress: ({ share }) => void (shares.push(share) === 3 && abort.abort()),
      },
    );
    await assert.rejects(stopped, { name: 'AbortError' });
    assert.deepEqual((await readdir(folder)).sort(), before);
    assert.equal(shares.length, 3);
    assert.ok(shares.every((share, index) => share > (shares[index - 1] ?? 0) && share < 1));
  });
});

describe('quantising and back', () => {
  for (const type of ['F32', 'F16', 'BF16'] as const satisfies readonly TensorType[]) {
    it(`${type} keeps floats that were rounded to it before`, async () => {
      const source = await write('source.gguf', { type });
      await make(source, 'F32');
      const floats = path.join(folder, 'floats.gguf');
      await make(result, type, { outputPath: floats });
      assert.deepEqual(await contents(floats), await contents(source));
    });
  }
});
