import { createHash } from 'node:crypto';
import type { SourceFile } from './sourceFile.ts';

/** One file in this many is held out. */
const HELD_OUT_DIVISOR = 10;

/** What an expert has learnt from. */
export interface KnownSources {
  readonly paths: ReadonlySet<string>;
  /** Digests of the texts, which a renamed file keeps. */
  readonly digests: ReadonlySet<string>;
}

export interface SplitSources {
  readonly training: readonly SourceFile[];
  /** Files that are never trained on, so that they show what was learnt. */
  readonly heldOut: readonly SourceFile[];
}

/**
 * Splits files by a hash of their paths, so that a file stays on its side in every pass. Copies of a held-out text are
 * left out of the training. A file that an expert already knows is never held out. A workspace of two files or more has
 * at least one file on each side, unless the expert knows all of them.
 */
export function splitSources(files: readonly SourceFile[], known?: KnownSources): SplitSources {
  const ordered = files
    .filter(({ path, text }) => !known?.paths.has(path) && !known?.digests.has(digestOf(text)))
    .sort((one, other) => hashOf(one.path) - hashOf(other.path));
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

/** Returns a digest of a text, without regard to blank lines around it. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text.trim()).digest('hex').slice(0, 32);
}

function hashOf(path: string): number {
  return createHash('sha256').update(path).digest().readUInt32BE(0);
}
