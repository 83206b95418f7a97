import { createHash } from 'node:crypto';
import { fileSize } from '../common/fileSize.ts';
import { TroubleError } from '../common/troubleError.ts';
import { removeFolder } from '../keptContexts/learntFolder.ts';
import { LEAST_WINDOWS } from './adoption.ts';
import { expertsDigest, modelDigest } from './baseDigest.ts';
import {
  ensureExpertFolder,
  readExpertRecord,
  readPassSources,
  readUnfinishedPass,
  writePassSources,
  writeUnfinishedPass,
  type ExpertFolder,
  type ExpertRecord,
} from './expertStore.ts';
import { fillWindows, type FillWindow } from './fillWindows.ts';
import type { LineRange } from './recentLines.ts';
import type { SourceFile, TrainingFile } from './sourceFile.ts';
import { digestOf, splitSources } from './splitSources.ts';

export interface PassOptions {
  readonly files: readonly SourceFile[];
  readonly folder: ExpertFolder;
  readonly modelPath: string;
  /** The adapter that a new expert begins with, and takes the place of: the model's own experts. Absent: none. */
  readonly startFrom?: string;
  readonly maxTokens: number;
  readonly maxWindows: number;
  readonly threads: number;
  /** Returns which lines of files were committed last. Files without such lines may be absent. */
  readonly recentLines: (files: readonly SourceFile[]) => Promise<ReadonlyMap<string, readonly LineRange[]>>;
}

/** A pass over a workspace: what it reads, and what came before. */
export interface Pass {
  readonly training: readonly TrainingFile[];
  readonly windows: readonly FillWindow[];
  readonly base: ExpertRecord['base'];
  /** The expert to continue with. */
  readonly earlier: ExpertRecord | undefined;
  /** All files that the expert will know. */
  readonly paths: readonly string[];
  readonly digests: readonly string[];
  /** A digest of everything but the texts that must be the same for a killed pass to continue. */
  readonly key: string;
  /** Whether it continues a pass that has not ended, with the texts of that pass. */
  readonly isContinued: boolean;
}

/** Part of the key, since a pass continues only with sequences in the same order. */
const ORDER_OF_SEQUENCES = 2;

/** Identifies what lies below an expert: the model, and the experts that the first pass begins with. */
export async function baseOf({
  modelPath,
  startFrom,
}: Pick<PassOptions, 'modelPath' | 'startFrom'>): Promise<ExpertRecord['base']> {
  return {
    model: await modelDigest(modelPath),
    ...(startFrom === undefined ? {} : { start: await expertsDigest(startFrom) }),
  };
}

/** Whether two experts belong to the same model and the same own experts of it. */
export function isSameBase(one: ExpertRecord['base'], other: ExpertRecord['base']): boolean {
  return one.model === other.model && one.start === other.start;
}

/**
 * Chooses the files to learn and the places to measure. Writes nothing. Rejects with `TroubleError` 'invalid-input' if
 * there is too little code.
 */
export async function preparePass(options: PassOptions): Promise<Pass> {
  const { folder, files, maxTokens, maxWindows, threads } = options;
  const base = await baseOf(options);
  const record = await readExpertRecord(folder);
  const earlier =
    record && isSameBase(record.base, base) && (await fileSize(folder.expertFile)) !== undefined ? record : undefined;
  const key = createHash('sha256')
    .update(JSON.stringify([ORDER_OF_SEQUENCES, base, seedOf(earlier), maxTokens, threads]))
    .digest('hex');
  const unfinished = await unfinishedPass(folder, key);
  const known = {
    paths: new Set([...(earlier?.paths ?? []), ...(unfinished?.paths ?? [])]),
    digests: new Set([...(earlier?.digests ?? []), ...(unfinished?.digests ?? [])]),
  };
  const split = splitSources(files, known);
  const training = unfinished?.sources ?? split.training;
  const windows = windowsOf(files, { training, heldOut: split.heldOut }, maxWindows);
  for (const { path, text } of training) {
    known.paths.add(path);
    known.digests.add(digestOf(text));
  }
  const isContinued = unfinished !== undefined;
  return { training, windows, base, earlier, paths: [...known.paths], digests: [...known.digests], key, isContinued };
}

/** Returns the seed of the pass that follows an expert, so that each pass reads other parts of the code first. */
export function seedOf(earlier: Pick<ExpertRecord, 'trainedTokens' | 'rejected'> | undefined): number {
  return 1 + (earlier?.trainedTokens ?? 0) + (earlier?.rejected?.endedMs ?? 0);
}

/**
 * Returns the files of a pass with the lines that weigh most: those that were committed last, and all of a text that no
 * earlier pass has read. A pass that is continued keeps its lines.
 */
export async function weighRecent(
  { training, earlier, isContinued }: Pick<Pass, 'training' | 'earlier' | 'isContinued'>,
  recentLines: PassOptions['recentLines'],
): Promise<readonly TrainingFile[]> {
  if (isContinued) return training;
  const committed = await recentLines(training);
  const known = earlier && new Set(earlier.digests);
  return training.map(({ path, text }) => {
    const isNew = known && !known.has(digestOf(text));
    const recent = isNew ? [{ start: 0, end: text.split('\n').length }] : committed.get(path);
    return { path, text, ...(recent && { recent }) };
  });
}

/** Keeps the checkpoints of a pass that is continued. Else removes those of another one. */
export async function beginPass(folder: ExpertFolder, pass: Pass): Promise<void> {
  const { base, paths, digests, key, training, isContinued } = pass;
  if (isContinued) return;
  await removeFolder(folder.passFolder);
  await ensureExpertFolder(folder);
  await writePassSources(folder, training);
  await writeUnfinishedPass(folder, { version: 2, base, paths: [...paths], digests: [...digests], key });
}

async function unfinishedPass(
  folder: ExpertFolder,
  key: string,
): Promise<(Pick<ExpertRecord, 'paths' | 'digests'> & { readonly sources: readonly TrainingFile[] }) | undefined> {
  const unfinished = await readUnfinishedPass(folder);
  if (unfinished?.key !== key) return undefined;
  const sources = await readPassSources(folder);
  return sources && { ...unfinished, sources };
}

function windowsOf(
  files: readonly SourceFile[],
  { training, heldOut }: { readonly training: readonly SourceFile[]; readonly heldOut: readonly SourceFile[] },
  maxWindows: number,
): readonly FillWindow[] {
  if (training.length === 0 || heldOut.length === 0)
    throw new TroubleError(
      'invalid-input',
      `There are ${files.length} files of code to learn from, and at least 2 different ones are needed: one to learn, and one to measure what was learnt.`,
    );
  const windows = fillWindows(heldOut, maxWindows);
  if (windows.length < LEAST_WINDOWS)
    throw new TroubleError(
      'invalid-input',
      `There are ${windows.length} places in ${heldOut.length} held-out files, and ${LEAST_WINDOWS} are needed to tell whether learning helps. A place is twelve lines of code. Choose a folder with more code.`,
    );
  return windows;
}
