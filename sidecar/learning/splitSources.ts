import { createHash } from 'node:crypto';
import type { SourceFile } from './sourceFile.ts';

/** One file in this many is held out. */
const HELD_OUT_DIVISOR = 10;

export interface SplitSources {
  readonly training: readonly SourceFile[];
  /** Files that are never trained on, so that they show what was learnt. */
  readonly heldOut: readonly SourceFile[];
}

/**
 * Splits files by a hash of their paths, so that a file stays on its side in every pass. Copies of a held-out text are
 * left out of the training. A workspace of two files or more has at least one file on each side.
 */
export function splitSources(files: readonly SourceFile[]): SplitSources {
  const ordered = [...files].sort((one, other) => hashOf(one.path) - hashOf(other.path));
  const chosen = ordered.filter(({ path }) => hashOf(path) % HELD_OUT_DIVISOR === 0);
  const heldOut = chosen.length > 0 || files.length < 2 ? chosen : ordered.slice(0, 1);
  if (files.length >= 2 && heldOut.length === files.length) heldOut.pop();
  const names = new Set(heldOut.map(({ path }) => path));
  const texts = new Set(heldOut.map(({ text }) => text.trim()));
  return {
    training: files.filter(({ path, text }) => !names.has(path) && !texts.has(text.trim())),
    heldOut,
  };
}

function hashOf(path: string): number {
  return createHash('sha256').update(path).digest().readUInt32BE(0);
}
