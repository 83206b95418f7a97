import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { readGgufHeader } from '../../../sidecar/models/gguf/header.ts';
import { copiedMetadata } from '../../../sidecar/models/gguf/content.ts';
import { writeGguf } from '../../../sidecar/models/gguf/writer.ts';
import { inspectModelFile, inspectTokenizerFile } from '../../../sidecar/models/modelFile.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { tinyModel, writeGguf as writeGgufFile } from './ggufFile.ts';

describe('a model in two parts', () => {
  let folder: string;
  const part = (number: number): string => path.join(folder, `m-0000${number}-of-00002.gguf`);
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-model-file-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('has the weights and parameters of both, and the name of the first', async () => {
    const whole = path.join(folder, 'whole.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(whole, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary() });
    const header = await readGgufHeader(whole);
    const bytes = (await readFile(whole)).subarray(header.dataOffsetBytes);
    const tensors = header.tensors.map(({ name, shape, type, offsetBytes, sizeBytes }) => ({
      name,
      shape,
      type,
      chunks: () => [bytes.subarray(offsetBytes, offsetBytes + sizeBytes)],
    }));
    await writeGguf(part(1), { metadata: await copiedMetadata(header), tensors });
    const [expected, split] = [await inspectModelFile(whole), await inspectModelFile(part(1))];
    assert.deepEqual([split.shape, split.shape.weightBytes], [expected.shape, expected.shape.weightBytes]);
    await assert.rejects(
      inspectModelFile(part(2)),
      (error) => error instanceof TroubleError && /is part 2 of 2: choose the first part/.test(error.message),
    );
    await rm(part(2));
    await assert.rejects(
      inspectModelFile(part(1)),
      (error) => error instanceof TroubleError && error.message.includes(part(2)),
    );
  });
});

describe('a vocabulary', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-vocabulary-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const withTokens = async (tokens: readonly string[]): Promise<string> => {
    const file = path.join(folder, 'model.gguf');
    await writeGgufFile(file, tinyModel({ metadata: { 'tokenizer.ggml.tokens': { type: 'strings', value: tokens } } }));
    return file;
  };
  const twice: readonly (readonly [what: string, tokens: readonly string[], says: RegExp])[] = [
    ['has a token twice', ['a', 'b', 'c', 'a'], /tokens 0 and 3 of its vocabulary are the same, "a"/],
    [
      'has a token twice up to a NUL, where llama.cpp cuts it',
      ['a', 'b', 'c', 'b\0d'],
      /tokens 1 and 3 .* the same, "b\\u0000d"/,
    ],
    [
      "has a token spelt like llama.cpp's replacement for an empty token",
      ['a', '', '[EMPTY_1]', 'b'],
      /tokens 1 and 2 .* the same, "\[EMPTY_1\]"/,
    ],
  ];
  for (const [what, tokens, says] of twice) {
    it(`that ${what} is refused`, async () => {
      const file = await withTokens(tokens);
      for (const inspect of [inspectModelFile, inspectTokenizerFile]) {
        await assert.rejects(
          inspect(file),
          (error) => error instanceof TroubleError && error.code === 'invalid-model' && says.test(error.message),
        );
      }
    });
  }

  it('with byte tokens for a tokenizer of words is refused', async () => {
    const file = path.join(folder, 'model.gguf');
    const write = (model: string): Promise<unknown> =>
      writeGgufFile(
        file,
        tinyModel({
          metadata: {
            'tokenizer.ggml.tokens': { type: 'strings', value: ['a', 'b', '<0x00>', 'c'] },
            'tokenizer.ggml.token_type': { type: 'i32s', value: [1, 1, 6, 1] },
            'tokenizer.ggml.model': { type: 'string', value: model },
          },
        }),
      );
    await write('llama');
    await inspectModelFile(file);
    await write('bert');
    await assert.rejects(
      inspectModelFile(file),
      /token 2 of its vocabulary stands for a byte, which a tokenizer of kind "bert" does not have/,
    );
  });

  it('may have several empty tokens', async () => {
    assert.equal((await inspectModelFile(await withTokens(['', '', 'a', '']))).shape.vocabularySize, 4);
  });
});
