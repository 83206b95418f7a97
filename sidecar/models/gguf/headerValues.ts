import type { GgufHeader, GgufValue } from './header.ts';

/** A header's values of its architecture. Keys are given without the prefix of the architecture. */
export class HeaderValues {
  constructor(
    private readonly header: Pick<GgufHeader, 'metadata' | 'arrayLengths'>,
    readonly architecture: string,
  ) {}

  /** The full key as in the file. */
  name(key: string): string {
    return `${this.architecture}.${key}`;
  }

  get(key: string): GgufValue | undefined {
    return this.header.metadata.get(this.name(key));
  }

  has(key: string): boolean {
    return this.get(key) !== undefined || this.header.arrayLengths.has(this.name(key));
  }

  /** A number, or `undefined` if it is missing or not a number. */
  number(key: string): number | undefined {
    const value = this.get(key);
    return typeof value === 'number' ? value : undefined;
  }

  /** A single number, or the values of all layers. */
  numbers(key: string): readonly number[] {
    const value = this.get(key);
    if (typeof value === 'number') return [value];
    return Array.isArray(value) ? (value as readonly (number | boolean)[]).map(Number) : [];
  }
}

/**
 * The number of elements of a head's keys and values, derived from the first layer as in llama.cpp. 0 without
 * attention.
 */
export function headSize(values: HeaderValues): { readonly key: number; readonly value: number } {
  const [count = 0] = values.numbers('attention.head_count');
  if (count === 0) return { key: 0, value: 0 };
  const size = Math.floor((values.number('embedding_length') ?? 0) / count);
  return { key: values.number('attention.key_length') ?? size, value: values.number('attention.value_length') ?? size };
}

/** Like `headSize`, for layers with a sliding window. */
export function slidingHeadSize(values: HeaderValues): { readonly key: number; readonly value: number } {
  const { key, value } = headSize(values);
  return {
    key: values.number('attention.key_length_swa') ?? key,
    value: values.number('attention.value_length_swa') ?? value,
  };
}
