import { createHash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileSize } from '../common/fileSize.ts';
import { TroubleError } from '../common/troubleError.ts';
import { detectFim } from '../completion/prompt/fim.ts';
import type { Engine } from '../engine/engine.ts';
import type { Measuring } from '../engine/measuring.ts';
import type { LoadedModel } from '../protocol/engine.ts';
import { tryLockForWriting, type WriteLock } from '../shelf/download/writeLock.ts';
import { heldOutFigures, judge, LEAST_WINDOWS } from './adoption.ts';
import { removeFolder } from '../keptContexts/learntFolder.ts';
import {
  ensureExpertFolder,
  readExpertRecord,
  readUnfinishedPass,
  writeExpertRecord,
  writeUnfinishedPass,
  type ExpertFolder,
  type ExpertRecord,
} from './expertStore.ts';
import { expertsDigest, modelDigest } from './baseDigest.ts';
import { fillWindows, type FillWindow } from './fillWindows.ts';
import { generalNats } from './generalNats.ts';
import { measureFills, type FillScore } from './measureFills.ts';
import type { SourceFile } from './sourceFile.ts';
import { openSourceWorkspace, uriOfSource } from './sourceWorkspace.ts';
import { digestOf, splitSources } from './splitSources.ts';

/** Longer than the lock of a dead process stays valid. */
const LONGEST_WAIT_MS = 20_000;
const POLL_MS = 250;

/** A model that is loaded to measure it. */
export interface MeasuredModel extends AsyncDisposable {
  readonly engine: Pick<Engine, 'tokenize' | 'detokenize'> & Pick<Measuring, 'score'>;
  readonly model: LoadedModel;
}

/** A pass of training. */
export interface PassRequest {
  readonly files: readonly SourceFile[];
  /** The expert to continue with. Absent: a new expert begins. */
  readonly continueFrom?: string;
  readonly outputFile: string;
  readonly trainingFolder: string;
  readonly maxTokens: number;
  readonly threads: number;
  /** Whether the model was trained to fill gaps, with marks of its own. */
  readonly hasFillMarks: boolean;
}

export interface LearnOptions {
  readonly files: readonly SourceFile[];
  /** Whether a path may not be read. What was learnt from it is deleted. */
  readonly forbids: (path: string) => Promise<boolean>;
  readonly folder: ExpertFolder;
  readonly modelPath: string;
  /** The adapter that a new expert begins with, and takes the place of: the model's own experts. Absent: none. */
  readonly startFrom?: string;
  readonly maxTokens: number;
  readonly maxWindows: number;
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly onProgress: (step: string, share: number) => void;
  /** Loads the model with adapters. */
  readonly open: (adapters: readonly string[]) => Promise<MeasuredModel>;
  /** Trains the expert and writes it. Resolves with the trained tokens. */
  readonly train: (request: PassRequest) => Promise<number>;
}

export type LearnResult = Pick<ExpertRecord, 'trainedTokens' | 'heldOut' | 'general' | 'adopted' | 'reason'>;

/** A pass over a workspace: what it reads, and what came before. */
interface Pass {
  readonly training: readonly SourceFile[];
  readonly windows: readonly FillWindow[];
  readonly base: ExpertRecord['base'];
  /** The expert to continue with. */
  readonly earlier: ExpertRecord | undefined;
  /** All files that the expert will know. */
  readonly paths: readonly string[];
  readonly digests: readonly string[];
}

interface Measured {
  readonly hasFillMarks: boolean;
  readonly fills: readonly FillScore[];
  readonly generalNats: number;
}

/**
 * Learns a workspace: trains its expert for one pass, and measures held-out files before and after. An expert of an
 * earlier pass is continued, unless the model changed. It is deleted first if it knows a file that may not be read any
 * more. An adopted expert stays if the new one is not adopted.
 *
 * Rejects with `TroubleError` 'invalid-input' if there is too little code, or if another process learns the workspace.
 */
export async function learnWorkspace(options: LearnOptions): Promise<LearnResult> {
  const { folder } = options;
  if (await knowsForbidden(options)) await removeFolder(folder.folder);
  await ensureExpertFolder(folder);
  const lock = await lockExpert(options);
  try {
    const pass = await preparePass(options);
    await continueOrBegin(options, pass);
    return await runPass(options, pass).catch(async (error: unknown) => {
      await removeIfForgotten(folder);
      throw error;
    });
  } finally {
    await lock.release();
  }
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

async function preparePass({ folder, files, modelPath, startFrom, maxWindows }: LearnOptions): Promise<Pass> {
  const base = {
    model: await modelDigest(modelPath),
    ...(startFrom === undefined ? {} : { start: await expertsDigest(startFrom) }),
  };
  const record = await readExpertRecord(folder);
  const earlier =
    record && JSON.stringify(record.base) === JSON.stringify(base) && (await fileSize(folder.expertFile)) !== undefined
      ? record
      : undefined;
  const known = { paths: new Set(earlier?.paths), digests: new Set(earlier?.digests) };
  const { training, heldOut } = splitSources(files, known);
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
  const paths = [...new Set([...known.paths, ...training.map(({ path }) => path)])];
  const digests = [...new Set([...known.digests, ...training.map(({ text }) => digestOf(text))])];
  return { training, windows, base, earlier, paths, digests };
}

/** Keeps the checkpoints of a killed pass if the new pass is the same. Else removes them. */
async function continueOrBegin(options: LearnOptions, { base, earlier, paths, digests }: Pass): Promise<void> {
  const { folder, maxTokens, threads } = options;
  const key = createHash('sha256')
    .update(JSON.stringify([base, earlier?.trainedTokens ?? 0, digests, maxTokens, threads]))
    .digest('hex');
  const unfinished = await readUnfinishedPass(folder);
  if (unfinished?.key !== key) await removeFolder(folder.passFolder);
  await ensureExpertFolder(folder);
  await writeUnfinishedPass(folder, { version: 2, base, paths: [...paths], digests: [...digests], key });
}

async function runPass(options: LearnOptions, pass: Pass): Promise<LearnResult> {
  const { files, folder, maxTokens, threads, train } = options;
  const { training, base, earlier, paths, digests } = pass;
  await using indexed = await openSourceWorkspace(files);
  const measure = (adapters: readonly string[], step: string): Promise<Measured> =>
    measured(pass.windows, { options, adapters, step, workspace: indexed.workspace });
  const before = await measure([], 'Measuring the model');
  const trainedTokens = await train({
    files: training,
    continueFrom: earlier ? folder.expertFile : options.startFrom,
    outputFile: folder.candidateFile,
    trainingFolder: folder.trainingFolder,
    maxTokens,
    threads,
    hasFillMarks: before.hasFillMarks,
  });
  const after = await measure([folder.candidateFile], 'Measuring what was learnt');
  const general = { natsBefore: before.generalNats, natsAfter: after.generalNats };
  const result: LearnResult = {
    trainedTokens: (earlier?.trainedTokens ?? 0) + trainedTokens,
    heldOut: heldOutFigures(before.fills, after.fills),
    general,
    ...judge(before.fills, after.fills, general),
  };
  if (!(await readUnfinishedPass(folder)))
    throw new TroubleError('invalid-input', 'The workspace was forgotten meanwhile, so what was learnt is deleted.');
  if (result.adopted || !earlier?.adopted) {
    // The record says that the file is adopted, so it comes last.
    await rename(folder.candidateFile, folder.expertFile);
    await writeExpertRecord(folder, { version: 2, base, paths: [...paths], digests: [...digests], ...result });
  }
  await removeFolder(folder.passFolder);
  return result;
}

/** Deletes what a failed pass wrote after its workspace was forgotten. The file of the pass is then gone. */
async function removeIfForgotten(folder: ExpertFolder): Promise<void> {
  if (!(await readUnfinishedPass(folder))) await removeFolder(folder.folder);
}

async function measured(
  windows: readonly FillWindow[],
  {
    options: { open, signal, onProgress },
    adapters,
    step,
    workspace,
  }: {
    readonly options: LearnOptions;
    readonly adapters: readonly string[];
    readonly step: string;
    readonly workspace: NonNullable<Parameters<typeof measureFills>[1]['workspace']>;
  },
): Promise<Measured> {
  await using opened = await open(adapters);
  const { engine, model } = opened;
  const missing = adapters.filter((file) => !model.adapters?.some(({ path }) => path === file));
  if (missing.length > 0)
    throw new TroubleError(
      'invalid-input',
      `The model runs without ${missing.join(', ')}: ${model.engineLimits.join(' ')}`,
    );
  const fills = await measureFills(windows, {
    engine,
    model,
    workspace,
    uriOf: uriOfSource,
    signal,
    onProgress: (share) => onProgress(step, share),
  });
  return {
    hasFillMarks: (await detectFim(engine, model)) !== undefined,
    fills,
    generalNats: await generalNats(engine, model, signal),
  };
}
