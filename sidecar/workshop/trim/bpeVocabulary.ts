import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { readGgufHeader, type GgufHeader } from '../../models/gguf/header.ts';
import { TOKEN_KIND } from '../../models/gguf/vocabulary.ts';
import type { TokenId } from '../../protocol/engine.ts';

const LISTS = {
  tokens: 'tokenizer.ggml.tokens',
  kinds: 'tokenizer.ggml.token_type',
  merges: 'tokenizer.ggml.merges',
} as const;

/** Two tokens that a merge joins. */
export type Pair = readonly [left: TokenId, right: TokenId];

/** The vocabulary of a byte-level BPE in its file. */
export interface BpeVocabulary {
  readonly header: GgufHeader;
  /** In the file's spelling, where each byte is a printable character. */
  readonly tokens: readonly string[];
  readonly kinds: readonly number[];
  /** "left right", in order of their rank. */
  readonly merges: readonly string[];
  /** The merge that makes each token, by its id. Bytes and marks have none. */
  readonly pairs: ReadonlyMap<TokenId, Pair>;
  /** Single bytes and marks, without which some texts could not be written. */
  readonly needed: readonly TokenId[];
}

/**
 * Reads a file's vocabulary. Throws as `readGgufHeader` does, and `TroubleError` 'unsupported-model' if the tokenizer
 * is not a byte-level BPE.
 */
export async function readBpeVocabulary(modelPath: string): Promise<BpeVocabulary> {
  const lists = { tokens: [] as string[], kinds: [] as number[], merges: [] as string[] };
  const header = await readGgufHeader(modelPath, {
    visitArray: (key, _index, element) => {
      if (key === LISTS.tokens) lists.tokens.push(element.toString());
      else if (key === LISTS.kinds) lists.kinds.push(Number(element));
      else if (key === LISTS.merges) lists.merges.push(element.toString());
    },
  });
  const name = path.basename(modelPath);
  const kind = String(header.metadata.get('tokenizer.ggml.model'));
  if (kind !== 'gpt2' || lists.merges.length === 0) {
    throw new TroubleError(
      'unsupported-model',
      `${name} has a tokenizer of kind "${kind}" with ${lists.merges.length} merges. Only a byte-level BPE ("gpt2" with merges) can be trimmed.`,
    );
  }
  const kinds = lists.tokens.map((_, token) => lists.kinds[token] ?? TOKEN_KIND.normal);
  const pairs = pairsOf(lists.tokens, lists.merges);
  const bytes = lists.tokens.flatMap((token, id) =>
    kinds[id] === TOKEN_KIND.normal && !pairs.has(id) && [...token].length === 1 ? [id] : [],
  );
  const marks = kinds.flatMap((of, id) => (of === TOKEN_KIND.normal || of === TOKEN_KIND.unused ? [] : [id]));
  return { header, tokens: lists.tokens, kinds, merges: lists.merges, pairs, needed: [...bytes, ...marks] };
}

/** The first merge that makes each token. */
function pairsOf(tokens: readonly string[], merges: readonly string[]): ReadonlyMap<TokenId, Pair> {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const pairs = new Map<TokenId, Pair>();
  for (const merge of merges) {
    // Splitting at blanks is safe: byte-level BPE writes a blank inside a token as a letter.
    const [leftText = '', rightText = ''] = merge.split(' ');
    const [made, left, right] = [ids.get(leftText + rightText), ids.get(leftText), ids.get(rightText)];
    if (made !== undefined && left !== undefined && right !== undefined && !pairs.has(made))
      pairs.set(made, [left, right]);
  }
  return pairs;
}
