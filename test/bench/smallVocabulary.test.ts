import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { readGgufHeader } from '../../sidecar/models/gguf/header.ts';
import { readVocabulary, type Vocabulary } from '../../sidecar/models/gguf/vocabulary.ts';
import { openTokenizer, type OpenedTokenizer } from '../../sidecar/workshop/train/openTokenizer.ts';
import { smallVocabulary } from './smallVocabulary.ts';

const TOKENS = 1024;
const texts: readonly string[] = [
  'export function mean(values: readonly number[]): number {\n\tlet sum = 0;\n\n\n    return sum / values.length;\n}\n',
  "def main():\n    print('Hello, world', 12345)\r\n",
  'La pâte à crêpes, “zwölf Boxkämpfer”, съешь же ещё, 日本語のテキスト, 👩‍👩‍👧 и ещё.',
  'It’s what you’d expect: the theory of them, then there.',
];

describe('a vocabulary cut to its first tokens', () => {
  let file: string;
  let vocabulary: Vocabulary;
  let small: OpenedTokenizer;
  let whole: OpenedTokenizer;
  let undone: (tokens: readonly number[]) => number[];
  before(async () => {
    file = await smallVocabulary(TOKENS);
    vocabulary = (await readVocabulary(file)) as Vocabulary;
    const options = { device: 'cpu', threads: 1 } as const;
    const scratch = { width: 32, blocks: 1, heads: 1, kvHeads: 1, feedForwardWidth: 32 };
    small = await openTokenizer({ ...options, modelPath: file, scratch });
    whole = await openTokenizer({ ...options, modelPath: await fetchModel() });
    undone = await splitter(await fetchModel());
  });
  after(async () => {
    await small.dispose();
    await whole.dispose();
  });

  it('has the given number of tokens, and the special ones under their ids', () => {
    assert.equal(vocabulary.size, TOKENS);
    for (const mark of ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<file_sep>', '<filename>'])
      assert.equal(small.mark(mark), whole.mark(mark));
    assert.equal(small.eos, whole.eos);
    assert.equal(small.bos, whole.bos);
  });

  for (const text of texts) {
    it(`encodes and decodes ${JSON.stringify(text.slice(0, 24))}…`, () => {
      const tokens = small.tokenize(text);
      assert.ok(tokens.every((token) => token < TOKENS));
      assert.equal(Buffer.concat(tokens.map((token) => vocabulary.tokenBytes(token))).toString('utf8'), text);
    });

    it(`encodes ${JSON.stringify(text.slice(0, 24))}… as the whole vocabulary does, with later merges undone`, () => {
      assert.deepEqual(small.tokenize(text), undone(whole.tokenize(text)));
    });
  }
});

/** Returns a function that splits tokens outside the vocabulary in the reverse order of their merges. */
async function splitter(file: string): Promise<(tokens: readonly number[]) => number[]> {
  const ids = new Map<string, number>();
  const merges: string[] = [];
  await readGgufHeader(file, {
    visitArray: (key, index, element) => {
      if (key === 'tokenizer.ggml.tokens') ids.set(String(element), index);
      else if (key === 'tokenizer.ggml.merges') merges.push(String(element));
    },
  });
  const unmerged = ids.size - merges.length;
  const split = (token: number): number[] =>
    token < TOKENS
      ? [token]
      : (merges[token - unmerged] as string).split(' ').flatMap((part) => split(ids.get(part) as number));
  return (tokens) => tokens.flatMap(split);
}
