import type { GgufEntry } from '../../models/gguf/content.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { BpeVocabulary } from './bpeVocabulary.ts';

const TOKEN_ID = /^tokenizer\.ggml\.\w+_token_id$/;
/** Keys of split files. The result has its own parts, or none. */
const SPLIT = /^split\./;

/**
 * The metadata for the kept tokens: lists are shortened, and ids are those of the new vocabulary. Other entries stay
 * unchanged.
 */
export function trimmedMetadata(
  vocabulary: BpeVocabulary,
  copied: ReadonlyMap<string, GgufEntry>,
  kept: readonly TokenId[],
): ReadonlyMap<string, GgufEntry> {
  const { header, tokens, kinds, merges } = vocabulary;
  const newIds = new Map(kept.map((token, id) => [token, id]));
  const metadata = new Map([...copied].filter(([key]) => !SPLIT.test(key)));
  metadata.set('tokenizer.ggml.tokens', { type: 'strings', value: kept.map((token) => tokens[token]!) });
  metadata.set('tokenizer.ggml.token_type', { type: 'i32s', value: kept.map((token) => kinds[token]!) });
  metadata.set('tokenizer.ggml.merges', { type: 'strings', value: keptMerges(vocabulary, newIds, merges) });
  for (const [key, value] of header.metadata) {
    if (TOKEN_ID.test(key) && typeof value === 'number') {
      const id = newIds.get(value);
      if (id === undefined) metadata.delete(key);
      else metadata.set(key, { type: 'u32', value: id });
    } else if (key.endsWith('.vocab_size')) metadata.set(key, { type: 'u32', value: kept.length });
  }
  // Scores rank tokens in other tokenizers. A byte-level BPE ranks by its merges.
  metadata.delete('tokenizer.ggml.scores');
  return metadata;
}

/** Merges whose two tokens and result are all kept. */
function keptMerges(
  { tokens }: BpeVocabulary,
  newIds: ReadonlyMap<TokenId, number>,
  merges: readonly string[],
): readonly string[] {
  const stay = new Set([...newIds.keys()].map((token) => tokens[token]!));
  return merges.filter((merge) => {
    const [left = '', right = ''] = merge.split(' ');
    return stay.has(left) && stay.has(right) && stay.has(left + right);
  });
}
