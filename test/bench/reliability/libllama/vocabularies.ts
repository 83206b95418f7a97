import type { GgufEntry } from '../../../../sidecar/models/gguf/content.ts';
import { TINY_VOCABULARY, tinyVocabulary } from '../../../reference/tinyModels.ts';

type Vocabulary = Readonly<Record<string, GgufEntry>>;

const text = (value: string): GgufEntry => ({ type: 'string', value });
const hexadecimal = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0');
const byteTokens = Array.from({ length: 256 }, (_, byte) => `<0x${hexadecimal(byte)}>`);
const letters = [...'abcdefghijklmnopqrstuvwxyz'];

/** A small vocabulary for each kind of llama.cpp's tokenizers, with `TINY_VOCABULARY` tokens each. */
export const vocabularies: Readonly<Record<string, Vocabulary>> = {
  gpt2: tinyVocabulary(),
  llama: {
    ...spelled('llama', ['<unk>', '<s>', '</s>', ...byteTokens, ...letters, ...letters.map((letter) => `▁${letter}`)]),
    'tokenizer.ggml.bos_token_id': { type: 'u32', value: 1 },
  },
  bert: spelled('bert', [
    '[PAD]',
    '[UNK]',
    '[CLS]',
    '[SEP]',
    '[MASK]',
    ...letters,
    ...letters.map((letter) => `▁${letter}`),
  ]),
  t5: spelled('t5', ['<pad>', '</s>', '<unk>', '▁', ...letters, ...letters.map((letter) => `▁${letter}`)]),
  rwkv: spelled('rwkv', [
    '<s>',
    ...Array.from({ length: 256 }, (_, byte) => `\\x${hexadecimal(byte).toLowerCase()}`),
    ...letters.map((letter) => letter + letter),
  ]),
  plamo2: spelled('plamo2', ['<unk>', '<s>', '</s>', ...byteTokens, ...letters]),
  gemma4: { ...tinyVocabulary(), 'tokenizer.ggml.model': text('gemma4') },
};

/** Returns a vocabulary with scores, filled up with further tokens. */
function spelled(model: string, first: readonly string[]): Vocabulary {
  const tokens = Array.from({ length: TINY_VOCABULARY }, (_, index) => first[index] ?? `token${index}`);
  const kindOf = (token: string, index: number): number =>
    /^<0x..>$/.test(token) ? 6 : index === 0 && model !== 'rwkv' ? 2 : index < 3 ? 3 : 1;
  return {
    'tokenizer.ggml.model': text(model),
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.scores': { type: 'f32s', value: tokens.map((_, index) => -index) },
    'tokenizer.ggml.token_type': { type: 'i32s', value: tokens.map(kindOf) },
  };
}
