import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { TroubleError } from '../common/troubleError.ts';
import type { WeightedText } from '../common/weightedText.ts';
import { removeFolder } from '../keptContexts/learntFolder.ts';
import { tryLockForWriting, type WriteLock } from '../shelf/download/writeLock.ts';
import { heldOutFigures, judge } from './adoption.ts';
import {
  ensureExpertFolder,
  readExpertRecord,
  readUnfinishedPass,
  writeExpertRecord,
  type ExpertFolder,
  type ExpertRecord,
} from './expertStore.ts';
import { measureModel, type Measured, type MeasuredModel } from './measureModel.ts';
import { hasNewCode } from './newCode.ts';
import { beginPass, preparePass, seedOf, weighRecent, type Pass, type PassOptions } from './pass.ts';
import { openSourceWorkspace } from './sourceWorkspace.ts';
import { trainingTexts } from './trainingTexts.ts';

/** Longer than the lock of a dead process stays valid. */
const LONGEST_WAIT_MS = 20_000;
const POLL_MS = 250;

/** A pass of training. */
export interface PassRequest {
  readonly texts: readonly WeightedText[];
  readonly seed: number;
  /** The expert to continue with. Absent: a new expert begins. */
  readonly continueFrom?: string;
  readonly outputFile: string;
  readonly trainingFolder: string;
  readonly maxTokens: number;
  readonly threads: number;
  /** Whether the model was trained to fill gaps, with marks of its own. */
  readonly hasFillMarks: boolean;
}

export interface LearnOptions extends PassOptions {
  /** Whether a path may not be read. What was learnt from it is deleted. */
  readonly forbids: (path: string) => Promise<boolean>;
  readonly signal: AbortSignal;
  readonly onProgress: (step: string, share: number) => void;
  /** Rejects with `TroubleError` if no expert of the model can be trained. */
  readonly requireTrainable: () => Promise<void>;
  /** Loads the model with adapters. */
  readonly open: (adapters: readonly string[]) => Promise<MeasuredModel>;
  /** Trains the expert and writes it. Resolves with the trained tokens. */
  readonly train: (request: PassRequest) => Promise<number>;
}

export type LearnResult = Pick<
  ExpertRecord,
  'trainedTokens' | 'heldOut' | 'general' | 'adopted' | 'reason' | 'refusal'
>;

/** Why nothing was learnt, without a failure. */
export type SkipReason = 'nothing-new' | 'other-process' | 'battery';

/**
 * Learns a workspace: trains its expert for one pass, and measures held-out files before and after. An expert of an
 * earlier pass is continued, unless the model changed. It is deleted first if it knows a file that may not be read any
 * more. An adopted expert stays if the new one is not adopted. A killed pass continues with the texts that it began
 * with.
 *
 * Rejects with `TroubleError` 'invalid-input' if there is too little code, or if another process learns the workspace.
 */
export async function learnWorkspace(options: LearnOptions): Promise<LearnResult> {
  await prepareFolder(options);
  const lock = await lockExpert(options);
  try {
    return await learnPass(options, await preparePass(options));
  } finally {
    await lock.release();
  }
}

/**
 * Does as `learnWorkspace`, but only if enough code is new or a killed pass can continue, and if no other process
 * learns the workspace. Else it resolves with the reason.
 */
export async function learnNewCode(options: LearnOptions): Promise<LearnResult | SkipReason> {
  await prepareFolder(options);
  const lock = await tryLockForWriting(options.folder.folder);
  if (!lock) return 'other-process';
  try {
    const pass = await preparePass(options);
    const { training, earlier, isContinued } = pass;
    const known = new Set([...(earlier?.digests ?? []), ...(earlier?.rejected?.digests ?? [])]);
    return isContinued || hasNewCode(training, known) ? await learnPass(options, pass) : 'nothing-new';
  } finally {
    await lock.release();
  }
}

async function prepareFolder(options: LearnOptions): Promise<void> {
  if (await knowsForbidden(options)) await removeFolder(options.folder.folder);
  await ensureExpertFolder(options.folder);
}

/** Locks the folder of an expert. Waits until the lock of a dead process expires. */
async function lockExpert({ folder, signal }: LearnOptions): Promise<WriteLock> {
  for (const endMs = performance.now() + LONGEST_WAIT_MS; ;) {
    const lock = await tryLockForWriting(folder.folder);
    if (lock) return lock;
    if (performance.now() > endMs)
      throw new TroubleError('invalid-input', 'Another process learns this folder. Wait until it ends, or stop it.');
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Whether the expert, or a pass that has not ended, learnt from a file that may not be read any more. */
async function knowsForbidden({ folder, files, forbids }: LearnOptions): Promise<boolean> {
  const allowed = new Set(files.map(({ path }) => path));
  const known = [await readExpertRecord(folder), await readUnfinishedPass(folder)].flatMap((each) => each?.paths ?? []);
  for (const path of known) if (!allowed.has(path) && (await forbids(path))) return true;
  return false;
}

async function learnPass(options: LearnOptions, prepared: Pass): Promise<LearnResult> {
  const { folder, recentLines } = options;
  await options.requireTrainable();
  const pass = { ...prepared, training: await weighRecent(prepared, recentLines) };
  await beginPass(folder, pass);
  const result = await runPass(options, pass).catch(async (error: unknown) => {
    await removeIfForgotten(folder);
    throw error;
  });
  await keep(folder, pass, result);
  return result;
}

async function runPass(options: LearnOptions, { windows, training, earlier }: Pass): Promise<LearnResult> {
  const { files, folder, startFrom, maxTokens, threads, open, signal, train } = options;
  await using indexed = await openSourceWorkspace(files);
  const measure = (adapters: readonly string[], step: string): Promise<Measured> =>
    measureModel(windows, {
      adapters,
      open,
      workspace: indexed.workspace,
      signal,
      onProgress: (share) => options.onProgress(step, share),
    });
  const before = await measure([], 'Measuring the model');
  const trainedTokens = await train({
    texts: trainingTexts(training),
    seed: seedOf(earlier),
    continueFrom: earlier ? folder.expertFile : startFrom,
    outputFile: folder.candidateFile,
    trainingFolder: folder.trainingFolder,
    maxTokens,
    threads,
    hasFillMarks: before.hasFillMarks,
  });
  const after = await measure([folder.candidateFile], 'Measuring what was learnt');
  if (!(await readUnfinishedPass(folder)))
    throw new TroubleError('invalid-input', 'The workspace was forgotten meanwhile, so what was learnt is deleted.');
  const general = { natsBefore: before.generalNats, natsAfter: after.generalNats };
  return {
    trainedTokens: (earlier?.trainedTokens ?? 0) + trainedTokens,
    heldOut: heldOutFigures(before.fills, after.fills),
    general,
    ...judge(before.fills, after.fills, general),
  };
}

/** Keeps the expert of a pass, or the adopted one before it, and notes which texts the pass read. */
async function keep(folder: ExpertFolder, { base, earlier, paths, digests }: Pass, result: LearnResult): Promise<void> {
  const endedMs = Date.now();
  if (result.adopted || !earlier?.adopted) {
    // The record says that the file is adopted, so it comes last.
    await rename(folder.candidateFile, folder.expertFile);
    await writeExpertRecord(folder, { version: 2, base, paths: [...paths], digests: [...digests], endedMs, ...result });
  } else {
    const { reason = '', refusal } = result;
    const rejected = { endedMs, reason, refusal, digests: [...digests] };
    await writeExpertRecord(folder, { ...earlier, rejected });
  }
  await removeFolder(folder.passFolder);
}

/** Deletes what a failed pass wrote after its workspace was forgotten. The file of the pass is then gone. */
async function removeIfForgotten(folder: ExpertFolder): Promise<void> {
  if (!(await readUnfinishedPass(folder))) await removeFolder(folder.folder);
}
