import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fetchModel } from '../../../../.scripts/fetchModel.ts';
import { Device } from '../../../../kernels/ggml/device.ts';
import { LocalEngine } from '../../../../sidecar/engine/localEngine.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import { openText, type OpenedText } from '../../../../sidecar/models/llamaCpp/openText.ts';
import type { EngineChoice } from '../../../../sidecar/protocol/client.ts';
import type { TrimParams, TrimResult } from '../../../../sidecar/workshop/protocol.ts';
import { trim } from '../../../../sidecar/workshop/trim/trim.ts';
import { TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const TEXT = 'abcab abab caab beef decade';
/** Bytes, two marks, and some of the 62 pairs. */
const SIZE = 268;

let folder: string;
let texts: string;
let device: Device;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-trim-'));
  texts = path.join(folder, 'texts.txt');
  await writeFile(texts, TEXT);
  device = new Device('cpu', { threads: 1 });
});
after(async () => {
  device[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

const result = (): string => path.join(folder, 'trimmed.gguf');

async function model(name: string, options: Partial<Parameters<typeof writeTinyModel>[1]> = {}): Promise<string> {
  const file = path.join(folder, name);
  await writeTinyModel(file, { variant: 'qwen2', type: 'Q8_0', device, vocabulary: tinyVocabulary(), ...options });
  return file;
}

const trimmed = (modelPath: string, changes: Partial<TrimParams> = {}): Promise<TrimResult> =>
  trim({
    modelPath,
    outputPath: result(),
    size: SIZE,
    texts: [{ name: 'texts', importance: 1, files: [texts] }],
    maxCharacters: 1_000_000,
    withoutFillIn: true,
    ...changes,
  });

async function withText<Result>(modelPath: string, work: (opened: OpenedText['text']) => Result): Promise<Result> {
  const opened = await openText(modelPath, { device: 'cpu', threads: 1 });
  try {
    return work(opened.text);
  } finally {
    await opened.dispose();
  }
}

/** The logits `[token][vocabulary]` of the text, by token text. */
async function logitsBySpelling(
  modelPath: string,
  engineChoice: EngineChoice,
): Promise<readonly ReadonlyMap<string, number>[]> {
  const engine = new LocalEngine({ log: () => undefined, report: () => undefined });
  try {
    await engine.load({ modelPath, engine: engineChoice, device: 'cpu', threads: 1, contextSizeTokens: 128 });
    const { tokens, spelling } = await withText(modelPath, (text) => ({
      tokens: text.tokenize(TEXT, false),
      spelling: Array.from({ length: text.vocabulary.size }, (_, token) =>
        text.vocabulary.tokenBytes(token, { special: true }).toString('latin1'),
      ),
    }));
    const file = path.join(folder, 'logits.f32');
    await engine.logits({ tokens, outputPath: file });
    const bytes = await readFile(file);
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    return tokens.map(
      (_, row) => new Map(spelling.map((text, token) => [text, values[row * spelling.length + token]!])),
    );
  } finally {
    await engine.dispose();
  }
}

describe('trim', () => {
  it('keeps bytes, special tokens and the tokens that the texts use', async () => {
    const { tokensBefore, tokensAfter, groups } = await trimmed(await model('whole.gguf'));
    assert.deepEqual([tokensBefore, tokensAfter], [TINY_VOCABULARY, SIZE]);
    assert.equal(groups[0]!.moreShare, 0);
    const header = await readGgufHeader(result());
    assert.equal(header.arrayLengths.get('tokenizer.ggml.tokens'), SIZE);
    assert.equal(header.metadata.get('qwen2.vocab_size'), SIZE);
    await withText(result(), (text) => {
      assert.equal(text.special.bos, text.vocabulary.specialToken('<s>'));
      assert.equal(text.special.eos, text.vocabulary.specialToken('</s>'));
    });
  });

  for (const engine of ['chorus', 'llama'] as const) {
    it(`keeps the logits of the kept tokens, with the engine ${engine}`, async () => {
      const whole = await model('whole.gguf', { isTied: true });
      await trimmed(whole);
      const expected = await logitsBySpelling(whole, engine);
      const actual = await logitsBySpelling(result(), engine);
      assert.equal(actual.length, expected.length);
      for (const [row, logits] of actual.entries())
        for (const [token, logit] of logits)
          assert.ok(Math.abs(logit - expected[row]!.get(token)!) < 1e-4, `row ${row}, token ${JSON.stringify(token)}`);
    });
  }

  it('counts only the requested amount of each kind of text', async () => {
    const { groups } = await trimmed(await model('whole.gguf'), { maxCharacters: 5 });
    // "ab", "c", "ab".
    assert.equal(groups[0]!.tokens, 3);
  });

  it('merges embedding and output if they hold the same values', async () => {
    assert.equal((await trimmed(await model('tied.gguf', { isTied: true }))).tied, true);
    assert.equal((await trimmed(await model('untied.gguf'))).tied, false);
    assert.ok((await readGgufHeader(result())).tensors.some(({ name }) => name === 'output.weight'));
  });

  it('reports how many more tokens texts have', async () => {
    const other = path.join(folder, 'other.txt');
    await writeFile(other, 'ef fe ee ff');
    const { groups } = await trimmed(await model('whole.gguf'), {
      size: 260,
      texts: [
        { name: 'texts', importance: 100, files: [texts] },
        { name: 'other', importance: 1, files: [other] },
      ],
    });
    const count = async (file: string): Promise<number> =>
      withText(file, (text) => text.tokenize('ef fe ee ff', false).length);
    const [before_, after_] = [await count(path.join(folder, 'whole.gguf')), await count(result())];
    assert.equal(groups[1]!.tokens, before_);
    assert.equal(groups[1]!.moreShare, (after_ - before_) / before_);
  });

  it('writes and reads characters of every Unicode block', async () => {
    await trimmed(await model('whole.gguf'));
    await withText(result(), (text) => {
      for (let page = 0; page <= 0x10ff; page++) {
        const points = Array.from({ length: 8 }, (_, index) => page * 256 + index * 31).filter(
          (point) => point < 0xd800 || point > 0xdfff,
        );
        const written = String.fromCodePoint(...points);
        assert.equal(text.detokenize(text.tokenize(written, false)), written, `page ${page.toString(16)}`);
      }
    });
  });

  const refused: readonly (readonly [
    what: string,
    params: () => Promise<readonly [string, Partial<TrimParams>]>,
    message: RegExp,
  ])[] = [
    [
      'a vocabulary without fill-in tokens',
      async () => [await model('whole.gguf'), { withoutFillIn: false }],
      /whole\.gguf has no fill-in token such as <\|fim_prefix\|>, <\|fim_suffix\|>, <\|fim_middle\|>.*--without-fill-in/,
    ],
    [
      'a tokenizer that is not a BPE',
      async () => [
        await model('spm.gguf', {
          vocabulary: { ...tinyVocabulary(), 'tokenizer.ggml.model': { type: 'string', value: 'llama' } },
        }),
        {},
      ],
      /spm\.gguf has a tokenizer of kind "llama".*Only a byte-level BPE/,
    ],
    [
      'fewer tokens than bytes and special tokens',
      async () => [await model('whole.gguf'), { size: 100 }],
      /100 tokens can't be kept, expected 258 .* to 320/,
    ],
    [
      'texts without text',
      async () => {
        await writeFile(path.join(folder, 'empty.txt'), '');
        return [
          await model('whole.gguf'),
          { texts: [{ name: 'empty', importance: 1, files: [path.join(folder, 'empty.txt')] }] },
        ];
      },
      /The texts empty are empty \(1 files\)/,
    ],
    [
      'texts that are not UTF-8',
      async () => {
        await writeFile(path.join(folder, 'latin.txt'), Buffer.from([0x61, 0xff, 0x62]));
        return [
          await model('whole.gguf'),
          { texts: [{ name: 'latin', importance: 1, files: [path.join(folder, 'latin.txt')] }] },
        ];
      },
      /latin\.txt can't be read as UTF-8 text/,
    ],
    [
      'to overwrite the model',
      async () => [await model('whole.gguf'), { outputPath: path.join(folder, 'whole.gguf') }],
      /is also an input file/,
    ],
  ];
  for (const [what, params, message] of refused) {
    it(`refuses ${what}`, async () => {
      const [file, changes] = await params();
      await assert.rejects(trimmed(file, changes), message);
    });
  }
});

describe('a trimmed real vocabulary', () => {
  before(async () => {
    const code = path.join(folder, 'code.ts');
    await writeFile(code, await readFile(new URL(import.meta.url), 'utf8'));
    await trimmed(await fetchModel(), { size: 2_048, texts: [{ name: 'code', importance: 1, files: [code] }] });
  });

  it('tokenises a text of kept tokens as before', async () => {
    const source = await readFile(new URL(import.meta.url), 'utf8');
    const split = (file: string): Promise<readonly string[]> =>
      withText(file, (text) =>
        text.tokenize(source, false).map((token) => text.vocabulary.tokenBytes(token).toString('latin1')),
      );
    const [whole, cut] = [await split(await fetchModel()), await split(result())];
    assert.deepEqual(cut, whole);
  });
});
