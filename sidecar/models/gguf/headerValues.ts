import type { GgufHeader, GgufValue } from './header.ts';

/** The values that a header has of its architecture. Keys are given without the architecture's name in front. */
export class HeaderValues {
  constructor(
    private readonly header: Pick<GgufHeader, 'metadata' | 'arrayLengths'>,
    readonly architecture: string,
  ) {}

  /** A key as it stands in the file. */
  name(key: string): string {
    return `${this.architecture}.${key}`;
  }

  get(key: string): GgufValue | undefined {
    return this.header.metadata.get(this.name(key));
  }

  has(key: string): boolean {
    return this.get(key) !== undefined || this.header.arrayLengths.has(this.name(key));
  }

  /** `undefined` where it is missing or no number. */
  number(key: string): number | undefined {
    const value = this.get(key);
    return typeof value === 'number' ? value : undefined;
  }

  /** A number, or the values of all layers. */
  numbers(key: string): readonly number[] {
    const value = this.get(key);
    if (typeof value === 'number') return [value];
    return Array.isArray(value) ? (value as readonly (number | boolean)[]).map(Number) : [];
  }
}
