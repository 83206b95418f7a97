/**
 * Makes a tokenizer for small models, as a GGUF file without weights. It has the first tokens of SmolLM2's byte-level
 * BPE: its special tokens, its bytes and its first merges in the order of training. So it equals the result of the same
 * training with a smaller vocabulary, and all ids stay.
 *
 *   npx tsx test/bench/smallVocabulary.ts [--tokens 4096]
 *
 * Prints the file's path, for `chorus train --scratch … --model PATH`.
 */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { developerCacheFolder, fetchModel } from '../../.scripts/fetchModel.ts';
import { readGgufHeader } from '../../sidecar/models/gguf/header.ts';
import { copiedMetadata, type GgufEntry } from '../../sidecar/models/gguf/content.ts';
import { writeGguf } from '../../sidecar/models/gguf/writer.ts';

export const SMALL_VOCABULARY_TOKENS = 4096;

/** The keys of the lists that are cut. The tokenizer's other keys are copied. */
const LISTS = ['tokens', 'token_type', 'merges'] as const;

/**
 * Returns the path of the file with `tokens` tokens in the developer cache, and makes the file if it is missing. Throws
 * if so few tokens can't hold all bytes.
 */
export async function smallVocabulary(tokens = SMALL_VOCABULARY_TOKENS): Promise<string> {
  const target = path.join(developerCacheFolder(), 'models', `SmolLM2-vocabulary-${tokens}.gguf`);
  if (await stat(target).catch(() => undefined)) return target;
  const source = await fetchModel();
  const lists = { tokens: [] as string[], token_type: [] as number[], merges: [] as string[] };
  const header = await readGgufHeader(source, {
    visitArray: (key, _index, element) => {
      const name = LISTS.find((list) => key === `tokenizer.ggml.${list}`);
      if (name) (lists[name] as unknown[]).push(Buffer.isBuffer(element) ? element.toString('utf8') : element);
    },
  });
  const unmerged = lists.tokens.length - lists.merges.length;
  if (!lists.merges.every((merge, index) => lists.tokens[unmerged + index] === merge.replace(' ', '')))
    throw new Error(`${source}: the merges are not in the order of their tokens.`);
  if (tokens <= unmerged || tokens > lists.tokens.length)
    throw new Error(`A vocabulary of ${tokens} tokens, expected ${unmerged + 1} to ${lists.tokens.length}.`);

  const kept = [...header.metadataRanges.keys()].filter(
    (key) => key.startsWith('tokenizer.') && !LISTS.some((list) => key === `tokenizer.ggml.${list}`),
  );
  const metadata = new Map<string, GgufEntry>([
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['general.name', { type: 'string', value: `SmolLM2's first ${tokens} tokens` }],
    ['general.license', { type: 'string', value: 'apache-2.0' }],
    ['llama.vocab_size', { type: 'u32', value: tokens }],
    ...(await copiedMetadata(header, kept)),
    ['tokenizer.ggml.tokens', { type: 'strings', value: lists.tokens.slice(0, tokens) }],
    ['tokenizer.ggml.token_type', { type: 'i32s', value: lists.token_type.slice(0, tokens) }],
    ['tokenizer.ggml.merges', { type: 'strings', value: lists.merges.slice(0, tokens - unmerged) }],
  ]);
  await mkdir(path.dirname(target), { recursive: true });
  await writeGguf(target, { metadata, tensors: [] });
  return target;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { tokens: { type: 'string', default: String(SMALL_VOCABULARY_TOKENS) } } });
  process.stdout.write(`${await smallVocabulary(Number(values.tokens))}\n`);
}
