import { digestOf } from './splitSources.ts';
import type { SourceFile } from './sourceFile.ts';

/** The share of the code that must be new, and its bounds in UTF-16 units. */
const NEW_SHARE = 0.1;
const [LEAST_NEW_UNITS, MOST_NEW_UNITS] = [4_000, 100_000];

/**
 * Whether enough code is new to learn again: the texts that are not known are a tenth of all code, or 100,000
 * characters. Less than 4,000 characters are never enough. `known`: digests of the known texts.
 */
export function hasNewCode(files: readonly SourceFile[], known: ReadonlySet<string>): boolean {
  const all = unitsOf(files);
  const fresh = unitsOf(files.filter(({ text }) => !known.has(digestOf(text))));
  return fresh >= Math.min(MOST_NEW_UNITS, Math.max(LEAST_NEW_UNITS, NEW_SHARE * all));
}

function unitsOf(files: readonly SourceFile[]): number {
  return files.reduce((sum, { text }) => sum + text.length, 0);
}
