import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { abortingTensor, misplacedTensor } from './abortingTensors.ts';
import { abortingValue } from './abortingValues.ts';
import type { GgufHeader, GgufTensor } from './header.ts';
import { HeaderValues } from './headerValues.ts';
import { shown } from './shown.ts';

/** The checked sizes of a transformer that determine memory and speed. */
export interface ModelShape {
  readonly architecture: string;
  readonly blockCount: number;
  readonly trainContextTokens: number;
  readonly embeddingLength: number;
  readonly vocabularySize: number;
  /** Query heads of the widest layer, over all experts. */
  readonly headCount: number;
  /** The number of query elements of a token, over all layers. */
  readonly queryElementsPerToken: number;
  /** The number of key and value elements that a token adds to the cache, over all layers. */
  readonly cacheElementsPerToken: number;
  readonly parameterCount: number;
  /** The bytes of all tensors. */
  readonly weightBytes: number;
}

/** libllama's own limits. Above them it aborts the process. */
const MAX_BLOCKS = 512;
const MAX_EXPERTS = 512;
const MAX_HEADS = 16_384;
const MAX_CONTEXT_TOKENS = 2 ** 31 - 1;
const MAX_EMBEDDING_LENGTH = 1 << 20;
const MAX_VOCABULARY = 4_000_000;
/** Known names have a quarter of this length. Keys and messages begin with the name. */
const MAX_ARCHITECTURE_LENGTH = 64;

/**
 * Checks a header against its tensors, so that native code never sees a model on which it would abort. `others` are
 * further parts of the model and count in its size. Throws `TroubleError` 'invalid-model' or 'unsupported-model'.
 */
export function validateModel(header: GgufHeader, others: readonly GgufHeader[] = []): ModelShape {
  const tensors = [header, ...others].flatMap((part) => part.tensors);
  const shape = { ...new ModelValidator(header).validate(tensors), ...weightsOf(tensors) };
  for (const part of [header, ...others]) {
    const wrong = misplacedTensor(part);
    if (wrong !== undefined) throw damaged(part, wrong);
  }
  return shape;
}

/** Like `validateModel`, for the tokenizer alone. */
export function validateTokenizer(header: GgufHeader): Pick<ModelShape, 'architecture' | 'vocabularySize'> {
  return new ModelValidator(header).validateTokenizer();
}

/**
 * Parses `-00001-of-00003.gguf`: the number of this part and of all parts, from 1. Returns `undefined` for a file that
 * is not a part.
 */
export function splitPart(
  filePath: string,
): { readonly part: number; readonly parts: number; readonly prefix: string } | undefined {
  const match = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i.exec(filePath);
  if (!match) return undefined;
  const [part, parts] = [Number(match[2]), Number(match[3])];
  return part < 1 || part > parts ? undefined : { prefix: match[1]!, part, parts };
}

/** The paths of all parts of a split model, or the path itself. */
export function allParts(filePath: string): readonly string[] {
  const split = splitPart(filePath);
  if (!split) return [filePath];
  const digits = (value: number): string => String(value).padStart(5, '0');
  return Array.from(
    { length: split.parts },
    (_, index) => `${split.prefix}-${digits(index + 1)}-of-${digits(split.parts)}.gguf`,
  );
}

function weightsOf(tensors: GgufHeader['tensors']): Pick<ModelShape, 'parameterCount' | 'weightBytes'> {
  return {
    parameterCount: tensors.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0),
    weightBytes: tensors.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

function damaged(header: GgufHeader, what: string): TroubleError {
  return new TroubleError(
    'invalid-model',
    `${path.basename(header.path)} is damaged or not a language model: ${what}.`,
  );
}

class ModelValidator {
  readonly #architecture: string;

  constructor(private readonly header: GgufHeader) {
    const architecture = header.metadata.get('general.architecture');
    if (typeof architecture !== 'string' || architecture === '')
      throw this.#invalid('it names no architecture (general.architecture)');
    if (architecture.length > MAX_ARCHITECTURE_LENGTH)
      throw this.#invalid(
        `general.architecture is ${shown(architecture)}, a name of ${architecture.length} characters, expected at most ${MAX_ARCHITECTURE_LENGTH}`,
      );
    this.#architecture = architecture;
  }

  /** `tensors` are those of all parts. */
  validate(tensors: readonly GgufTensor[]): Omit<ModelShape, 'parameterCount' | 'weightBytes'> {
    const kind = this.header.metadata.get('general.type');
    if ((typeof kind === 'string' && kind !== 'model') || this.#architecture === 'clip') {
      throw new TroubleError(
        'unsupported-model',
        `${this.#name} is not a language model but a ${typeof kind === 'string' ? shown(kind) : 'projector'}. Choose the language model that it belongs to.`,
      );
    }
    const blockCount = this.#count('block_count', MAX_BLOCKS);
    const embeddingLength = this.#count('embedding_length', MAX_EMBEDDING_LENGTH);
    const trainContextTokens = this.#count('context_length', MAX_CONTEXT_TOKENS);
    this.#checkBlocks(blockCount, blockCount - this.#predictedLayers(blockCount));
    const heads = this.#perLayer('attention.head_count', blockCount);
    const keyValueHeads = this.#perLayer('attention.head_count_kv', blockCount, heads);
    this.#checkHeads(heads, keyValueHeads);
    this.#checkExperts();
    const values = new HeaderValues(this.header, this.#architecture);
    const wrong = abortingValue(values) ?? abortingTensor(values, tensors);
    if (wrong !== undefined) throw this.#invalid(wrong);
    const vocabularySize = this.#checkVocabulary(embeddingLength);
    const headCount = Math.max(1, ...heads);
    const defaultHeadLength = Math.floor(embeddingLength / headCount);
    const keyLength = this.#optionalCount('attention.key_length') ?? defaultHeadLength;
    const valueLength = this.#optionalCount('attention.value_length') ?? defaultHeadLength;
    const experts = this.#attentionExperts(blockCount);
    return {
      architecture: this.#architecture,
      blockCount,
      trainContextTokens,
      embeddingLength,
      vocabularySize,
      headCount: Math.max(1, ...heads.map((count, layer) => count * experts[layer]!.attending)),
      queryElementsPerToken: heads.reduce(
        (sum, count, layer) => sum + count * experts[layer]!.attending * keyLength,
        0,
      ),
      cacheElementsPerToken: keyValueHeads.reduce(
        (sum, count, layer) => sum + count * experts[layer]!.caching * (keyLength + valueLength),
        0,
      ),
    };
  }

  validateTokenizer(): Pick<ModelShape, 'architecture' | 'vocabularySize'> {
    return { architecture: this.#architecture, vocabularySize: this.#checkVocabulary() };
  }

  get #name(): string {
    return path.basename(this.header.path);
  }

  #invalid(what: string): TroubleError {
    return damaged(this.header, what);
  }

  #count(key: string, limit: number): number {
    const value = this.header.metadata.get(`${this.#architecture}.${key}`);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > limit) {
      throw this.#invalid(
        `${this.#architecture}.${key} is ${value === undefined ? 'missing' : shown(value)}, expected 1 to ${limit}`,
      );
    }
    return value;
  }

  #optionalCount(key: string): number | undefined {
    return this.header.metadata.has(`${this.#architecture}.${key}`)
      ? this.#count(key, MAX_EMBEDDING_LENGTH)
      : undefined;
  }

  /** The number of blocks that predict further tokens. Their tensors may be absent. */
  #predictedLayers(blockCount: number): number {
    const name = `${this.#architecture}.nextn_predict_layers`;
    const value = this.header.metadata.get(name);
    if (typeof value !== 'number') return 0;
    if (!Number.isInteger(value) || value < 0 || value >= blockCount)
      throw this.#invalid(`${name} is ${value}, expected fewer than its ${blockCount} blocks`);
    return value;
  }

  #checkBlocks(blockCount: number, neededCount: number): void {
    if (splitPart(this.header.path)) return;
    const blocks = new Set<number>();
    for (const tensor of this.header.tensors) {
      const match = /^blk\.(\d+)\./.exec(tensor.name);
      if (match) blocks.add(Number(match[1]));
    }
    const missing = Array.from({ length: neededCount }, (_, block) => block).filter((block) => !blocks.has(block));
    if (missing.length > 0)
      throw this.#invalid(
        `it claims ${blockCount} blocks, but the file has ${blocks.size} (block ${missing[0]} is missing)`,
      );
  }

  /** A value for all layers, or a value per layer. */
  #perLayer(key: string, blockCount: number, fallback?: readonly number[]): readonly number[] {
    const name = `${this.#architecture}.${key}`;
    const value = this.header.metadata.get(name);
    if (value === undefined) return fallback ?? Array.from({ length: blockCount }, () => 0);
    if (typeof value === 'number') return Array.from({ length: blockCount }, () => value);
    if (typeof value === 'string' || typeof value === 'boolean')
      throw this.#invalid(`${name} is ${shown(value)}, expected a number`);
    if (value.length < blockCount) throw this.#invalid(`${name} has ${value.length} values for ${blockCount} blocks`);
    return value.slice(0, blockCount).map(Number);
  }

  #checkHeads(heads: readonly number[], keyValueHeads: readonly number[]): void {
    heads.forEach((count, layer) => {
      const keyValueCount = keyValueHeads[layer]!;
      for (const [what, value] of [
        ['attention heads', count],
        ['key-value heads', keyValueCount],
      ] as const) {
        if (!Number.isInteger(value) || value < 0 || value > MAX_HEADS)
          throw this.#invalid(`block ${layer} has ${value} ${what}, expected 0 to ${MAX_HEADS}`);
      }
      if (keyValueCount > 0 && count % keyValueCount !== 0) {
        throw this.#invalid(
          `block ${layer} has ${count} attention heads, expected a multiple of its ${keyValueCount} key-value heads`,
        );
      }
    });
  }

  /**
   * For each layer, the number of experts with queries, and with keys and values. Only the architecture "chorus" has
   * attention experts.
   */
  #attentionExperts(blockCount: number): readonly { readonly attending: number; readonly caching: number }[] {
    const count = this.#optionalExperts('attention.expert_count');
    const interval = this.#optionalCount('expert_interval') ?? 1;
    const isShared = this.header.metadata.get(`${this.#architecture}.attention.expert_cache`) === 'shared';
    return Array.from({ length: blockCount }, (_, layer) => {
      const attending = (layer + 1) % interval === 0 ? count : 1;
      return { attending, caching: isShared ? 1 : attending };
    });
  }

  #optionalExperts(key: string): number {
    return this.header.metadata.has(`${this.#architecture}.${key}`) ? this.#count(key, MAX_EXPERTS) : 1;
  }

  #checkExperts(): void {
    const total = this.header.metadata.get(`${this.#architecture}.expert_count`) ?? 0;
    if (typeof total !== 'number' || total > MAX_EXPERTS)
      throw this.#invalid(`${this.#architecture}.expert_count is ${shown(total)}, expected at most ${MAX_EXPERTS}`);
  }

  #checkVocabulary(embeddingLength?: number): number {
    const embedding = this.header.tensors.find((tensor) => tensor.name === 'token_embd.weight');
    const tokens = this.header.arrayLengths.get('tokenizer.ggml.tokens');
    const rows = embedding?.shape[1];
    if (embedding && embeddingLength !== undefined && embedding.shape[0] !== embeddingLength) {
      throw this.#invalid(
        `token_embd.weight has rows of ${embedding.shape[0]} elements, ${this.#architecture}.embedding_length says ${embeddingLength}`,
      );
    }
    if (tokens === undefined || tokens < 1) throw this.#invalid('it has no vocabulary (tokenizer.ggml.tokens)');
    if (tokens > MAX_VOCABULARY)
      throw this.#invalid(`its vocabulary claims ${tokens} tokens, more than the ${MAX_VOCABULARY} that any model has`);
    if (rows !== undefined && rows !== tokens)
      throw this.#invalid(`its vocabulary has ${tokens} tokens, token_embd.weight has ${rows} rows`);
    for (const key of ['tokenizer.ggml.scores', 'tokenizer.ggml.token_type']) {
      const length = this.header.arrayLengths.get(key);
      if (length !== undefined && length !== tokens)
        throw this.#invalid(`its vocabulary has ${tokens} tokens, ${key} has ${length} values`);
    }
    for (const [key, value] of this.header.metadata) {
      if (!/^tokenizer\.ggml\..*_token_id$/.test(key) || typeof value !== 'number') continue;
      if (value !== 0xffffffff && (value < 0 || value >= tokens))
        throw this.#invalid(`${shown(key)} is ${value}, the vocabulary has ${tokens} tokens`);
    }
    return tokens;
  }
}
