import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { isPathInside, realPathOf } from '../../common/findFiles.ts';
import type { WeightedPart, WeightedText } from '../../common/weightedText.ts';

/** The texts of a training, and the numbers of skipped files. */
export interface Corpus {
  /** In the order of their paths, so that the same files give the same corpus. */
  readonly texts: readonly string[];
  /** The weighted parts of each text. Absent: all of the same weight. */
  readonly parts?: readonly (readonly WeightedPart[])[];
  /** The fingerprint of all texts, which identifies the corpus. */
  readonly fingerprint: string;
  readonly bytes: number;
  readonly skipped: {
    readonly binary: number;
    readonly overLarge: number;
    readonly duplicate: number;
    readonly empty: number;
  };
}

export interface CorpusOptions {
  readonly maxFileBytes: number;
  /** Files and folders that are not data, even if they lie among the data. */
  readonly leftOut?: readonly string[];
}

/** A file is binary if its first bytes contain a zero, as in git. */
const BINARY_PROBE_BYTES = 8_000;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads files, and all files of folders. Skips and counts files that are not UTF-8, too large, empty, or equal to an
 * earlier file.
 *
 * Throws `TroubleError` 'invalid-input' if a path does not exist or is a pipe or a device, and if no text is left.
 */
export async function readCorpus(
  paths: readonly string[],
  { maxFileBytes, leftOut = [] }: CorpusOptions,
): Promise<Corpus> {
  const texts: string[] = [];
  const skipped = { binary: 0, overLarge: 0, duplicate: 0, empty: 0 };
  const seen = new Set<string>();
  const all = createHash('sha256');
  let bytes = 0;
  const realLeftOut = await Promise.all(leftOut.map(realPathOf));
  for (const file of await filesOf(paths)) {
    const realFile = await realPathOf(file);
    if (realLeftOut.some((each) => each === realFile || isPathInside(realFile, each))) continue;
    const { size } = await stat(file);
    if (size > maxFileBytes) {
      skipped.overLarge++;
      continue;
    }
    const content = await readFile(file);
    const text = textOf(content);
    if (text === undefined) skipped.binary++;
    else if (text.trim() === '') skipped.empty++;
    else {
      const hash = createHash('sha256').update(content).digest('hex');
      if (seen.has(hash)) skipped.duplicate++;
      else {
        seen.add(hash);
        all.update(hash);
        bytes += content.length;
        texts.push(text);
      }
    }
  }
  if (texts.length === 0) {
    const { binary, overLarge, empty } = skipped;
    throw new TroubleError(
      'invalid-input',
      `There is no text to train on in ${paths.join(', ')}: ${binary} binary, ${overLarge} too large and ${empty} empty files.`,
    );
  }
  return { texts, fingerprint: all.digest('hex'), bytes, skipped };
}

/** Returns the corpus of texts that a client read. Throws `TroubleError` 'invalid-input' if all are empty. */
export function corpusOf(given: readonly WeightedText[]): Corpus {
  const filled = given.filter(({ text }) => text.trim() !== '');
  const partsOf = new Map(filled.map(({ text, parts }) => [text, parts ?? []]));
  const texts = [...partsOf.keys()];
  const parts = [...partsOf.values()];
  if (texts.length === 0)
    throw new TroubleError('invalid-input', `There is no text to train on: all ${given.length} texts are empty.`);
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}\n`).update(text);
  hash.update(JSON.stringify(parts));
  return {
    texts,
    parts,
    fingerprint: hash.digest('hex'),
    bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    skipped: { binary: 0, overLarge: 0, duplicate: filled.length - texts.length, empty: given.length - filled.length },
  };
}

function textOf(content: Buffer): string | undefined {
  if (content.subarray(0, BINARY_PROBE_BYTES).includes(0)) return undefined;
  try {
    return decoder.decode(content);
  } catch {
    return undefined;
  }
}

/**
 * Lists all files of files and folders, in a fixed order. Throws `TroubleError` 'invalid-input' for a path that is
 * neither.
 */
export async function filesOf(paths: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const given of paths) {
    const status = await stat(given).catch((error: unknown) => {
      throw new TroubleError('invalid-input', `${given} can't be read: ${(error as Error).message}`, { cause: error });
    });
    if (status.isFile()) files.push(given);
    else if (!status.isDirectory())
      throw new TroubleError(
        'invalid-input',
        `${given} is neither a file nor a folder: write its text to a file first.`,
      );
    else {
      const entries = await readdir(given, { recursive: true, withFileTypes: true });
      files.push(
        ...entries
          .filter((entry) => entry.isFile())
          .map((entry) => path.join(entry.parentPath, entry.name))
          .sort(),
      );
    }
  }
  return files;
}
