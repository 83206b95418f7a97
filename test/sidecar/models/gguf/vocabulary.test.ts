import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readVocabulary, TOKEN_KIND } from '../../../../sidecar/models/gguf/vocabulary.ts';
import { tinyModel, writeGguf } from '../ggufFile.ts';

describe('the vocabulary of a byte-level tokenizer', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-vocabulary-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function bytesOf(...tokens: readonly string[]): Promise<readonly string[]> {
    const file = path.join(folder, 'model.gguf');
    await writeGguf(
      file,
      tinyModel({
        metadata: {
          'tokenizer.ggml.model': { type: 'string', value: 'gpt2' },
          'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
          'tokenizer.ggml.token_type': { type: 'i32s', value: tokens.map(() => TOKEN_KIND.normal) },
        },
      }),
    );
    const vocabulary = await readVocabulary(file);
    return tokens.map((_, token) => vocabulary?.tokenBytes(token).toString('hex') ?? '');
  }

  it('has the byte of each printable character, and of each character that stands for another byte', async () => {
    // A space, a line break, the bytes 0x7F and 0xAD, and the two bytes of "é".
    assert.deepEqual(await bytesOf('a~', 'ĠĊ', 'ġŃ', 'Ã©'), ['617e', '200a', '7fad', 'c3a9']);
  });

  it('has the UTF-8 of characters that stand for no byte', async () => {
    assert.deepEqual(await bytesOf('ńˇ', '東', '🎂', 'aĠ東'), ['c584cb87', 'e69db1', 'f09f8e82', '6120e69db1']);
  });
});
