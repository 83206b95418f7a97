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
