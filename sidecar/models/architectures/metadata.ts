import type { RopeOptions } from '../../../kernels/ggml/opAttributes.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { GgufHeader } from '../gguf/header.ts';
import { shown } from '../gguf/shown.ts';

/** Reads an architecture's values from a GGUF header. Keys are given without the prefix of the architecture. */
export class Metadata {
  readonly architecture: string;

  constructor(readonly header: GgufHeader) {
    const architecture = header.metadata.get('general.architecture');
    if (typeof architecture !== 'string') throw this.#invalid('general.architecture is missing');
    this.architecture = architecture;
  }

  /** A number, or the first of an array of equal numbers. Throws if it is missing and there is no fallback. */
  number(key: string, fallback?: number): number {
    const name = `${this.architecture}.${key}`;
    const value = this.header.metadata.get(name);
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    if (Array.isArray(value)) {
      const values = value as readonly (number | boolean)[];
      if (values.length > 0 && values.every((other) => other === values[0]) && typeof values[0] === 'number')
        return values[0];
      throw new TroubleError(
        'unsupported-model',
        `${this.header.path}: ${name} differs between layers, which this engine does not support.`,
      );
    }
    if (value === undefined && fallback !== undefined) return fallback;
    throw this.#invalid(`${name} is ${value === undefined ? 'missing' : shown(value)}, expected a number`);
  }

  /** An integer of at least `minimum`. */
  count(key: string, options: { fallback?: number; minimum?: number; maximum?: number } = {}): number {
    const { fallback, minimum = 1, maximum = 1 << 24 } = options;
    const value = this.number(key, fallback);
    if (!Number.isInteger(value) || value < minimum || value > maximum) {
      throw this.#invalid(
        `${this.architecture}.${key} is ${value}, expected a whole number from ${minimum} to ${maximum}`,
      );
    }
    return value;
  }

  /** A number for each of `length` places; a single number counts for all of them. `undefined` if it is missing. */
  numbers(key: string, length: number): readonly number[] | undefined {
    const name = `${this.architecture}.${key}`;
    const value = this.header.metadata.get(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number') return new Array<number>(length).fill(value);
    const values = Array.isArray(value) ? (value as readonly (number | boolean)[]).map(Number) : [];
    if (values.length < length || !values.every(Number.isInteger))
      throw this.#invalid(`${name} is ${shown(value)}, expected ${length} whole numbers`);
    return values.slice(0, length);
  }

  /** A value from a list of names. Throws if it is missing or not in the list. */
  choice<Name extends string>(key: string, names: readonly Name[], fallback?: Name): Name {
    if (fallback !== undefined && this.header.metadata.get(`${this.architecture}.${key}`) === undefined)
      return fallback;
    const value = this.text(key);
    const found = names.find((name) => name === value);
    if (found === undefined)
      throw this.#invalid(
        `${this.architecture}.${key} is ${value === undefined ? 'missing' : shown(value)}, expected ${names.join(' or ')}`,
      );
    return found;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.header.metadata.get(`${this.architecture}.${key}`) ?? fallback;
    if (typeof value !== 'boolean')
      throw this.#invalid(`${this.architecture}.${key} is ${shown(value)}, expected true or false`);
    return value;
  }

  text(key: string): string | undefined {
    const value = this.header.metadata.get(`${this.architecture}.${key}`);
    return typeof value === 'string' ? value : undefined;
  }

  /** The size of the vocabulary, from the tokenizer's list or else from the embedding. */
  vocabularySize(): number {
    const embedding = this.header.tensors.find(({ name }) => name === 'token_embd.weight');
    const size = embedding?.shape[1] ?? this.header.arrayLengths.get('tokenizer.ggml.tokens');
    if (!size) throw this.#invalid('token_embd.weight is missing');
    return size;
  }

  /** Rope with the file's scaling (linear or YaRN), derived as in llama.cpp. */
  rope(pairing: RopeOptions['pairing'], headSize: number): Omit<RopeOptions, 'frequencyFactors'> {
    const dimensions = this.count('rope.dimension_count', { fallback: headSize, minimum: 2 });
    const base = this.number('rope.freq_base', 10_000);
    const scaling = this.text('rope.scaling.type') ?? 'linear';
    const factor = this.number('rope.scaling.factor', this.number('rope.scale_linear', 1)) || 1;
    const plain = { pairing, dimensions, base };
    if (factor === 1 || scaling === 'none') return plain;
    if (scaling === 'linear') return { ...plain, frequencyScale: 1 / factor };
    if (scaling === 'yarn') {
      return {
        ...plain,
        frequencyScale: 1 / factor,
        originalContext: this.count('rope.scaling.original_context_length', { fallback: this.count('context_length') }),
        extensionFactor: this.number('rope.scaling.yarn_ext_factor', 1),
        attentionFactor: this.number('rope.scaling.attn_factor', 1),
        betaFast: this.number('rope.scaling.yarn_beta_fast', 32),
        betaSlow: this.number('rope.scaling.yarn_beta_slow', 1),
      };
    }
    throw new TroubleError(
      'unsupported-model',
      `${this.header.path}: this engine does not support rope scaling of type ${shown(scaling)}.`,
    );
  }

  #invalid(what: string): TroubleError {
    return new TroubleError('invalid-model', `${this.header.path}: ${what}.`);
  }
}
