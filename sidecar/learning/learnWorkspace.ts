import { rename, rm, stat } from 'node:fs/promises';
import { TroubleError } from '../common/troubleError.ts';
import { detectFim } from '../completion/prompt/fim.ts';
import type { Engine } from '../engine/engine.ts';
import type { Measuring } from '../engine/measuring.ts';
import type { LoadedModel } from '../protocol/engine.ts';
import { heldOutFigures, judge, type LearnedFigures, type Verdict } from './adoption.ts';
import {
  ensureExpertFolder,
  readExpertRecord,
  writeExpertRecord,
  type ExpertFolder,
  type ExpertRecord,
} from './expertStore.ts';
import { fillWindows, type FillWindow } from './fillWindows.ts';
import { generalNats } from './generalNats.ts';
import { measureFills, type FillScore } from './measureFills.ts';
import type { SourceFile } from './sourceFile.ts';
import { openSourceWorkspace, uriOfSource } from './sourceWorkspace.ts';
import { splitSources } from './splitSources.ts';

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
  /** Whether the model was trained to fill gaps, with marks of its own. */
  readonly hasFillMarks: boolean;
}

export interface LearnOptions {
  readonly files: readonly SourceFile[];
  readonly folder: ExpertFolder;
  readonly modelPath: string;
  /** A digest of the rules for secret files that `files` were chosen by. */
  readonly secretRules: string;
  /** Whether to begin anew, since an earlier expert knows a file that may no longer be read. */
  readonly restart: boolean;
  readonly maxTokens: number;
  readonly maxWindows: number;
  readonly signal: AbortSignal;
  readonly onProgress: (step: string, share: number) => void;
  /** Loads the model with adapters. */
  readonly open: (adapters: readonly string[]) => Promise<MeasuredModel>;
  /** Trains the expert and writes it. Resolves with the trained tokens. */
  readonly train: (request: PassRequest) => Promise<number>;
}

export type LearnResult = Omit<ExpertRecord, 'version' | 'base' | 'secretRules' | 'paths'>;

interface Measured {
  readonly hasFillMarks: boolean;
  readonly fills: readonly FillScore[];
  readonly generalNats: number;
}

/**
 * Learns a workspace: trains its expert for one pass, and measures held-out files before and after. An expert of an
 * earlier pass is continued, unless the model changed, or it knows a file that may no longer be
 * read. Rejects with `TroubleError`
 * 'invalid-input' if there is too little code.
 */
export async function learnWorkspace(options: LearnOptions): Promise<LearnResult> {
  const { files, folder, modelPath, secretRules, maxTokens, train } = options;
  const { training, heldOut } = splitSources(files);
  if (training.length === 0 || heldOut.length === 0)
    throw new TroubleError(
      'invalid-input',
      `There are ${files.length} files of code to learn from, and at least 2 different ones are needed: one to learn, and one to measure what was learnt.`,
    );
  const base = await baseOf(modelPath);
  await ensureExpertFolder(folder);
  const earlier = await readExpertRecord(folder);
  const continues =
    !options.restart &&
    earlier !== undefined &&
    earlier.secretRules === secretRules &&
    JSON.stringify(earlier.base) === JSON.stringify(base) &&
    (await isFile(folder.expertFile));
  if (!continues) await discardExpert(folder);
  const windows = fillWindows(heldOut, options.maxWindows);
  await using indexed = await openSourceWorkspace(files);
  const measure = (adapters: readonly string[], step: string): Promise<Measured> =>
    measured(windows, { options, adapters, step, workspace: indexed.workspace });
  const before = await measure([], 'Measuring the model');
  // The expert in use stays whole until the new one is measured.
  const trainedTokens = await train({
    files: training,
    continueFrom: continues ? folder.expertFile : undefined,
    outputFile: folder.candidateFile,
    trainingFolder: folder.trainingFolder,
    maxTokens,
    hasFillMarks: before.hasFillMarks,
  });
  const after = await measure([folder.candidateFile], 'Measuring what was learnt');
  const general = { natsBefore: before.generalNats, natsAfter: after.generalNats };
  const figures: LearnedFigures = { heldOut: heldOutFigures(before.fills, after.fills), general };
  const verdict: Verdict = judge(before.fills, after.fills, general);
  const result = { trainedTokens: (continues ? earlier.trainedTokens : 0) + trainedTokens, ...figures, ...verdict };
  await rename(folder.candidateFile, folder.expertFile);
  for (const done of [folder.trainingFolder, folder.lossPlotFile]) await rm(done, { recursive: true, force: true });
  await writeExpertRecord(folder, {
    version: 1,
    base,
    secretRules,
    paths: [...new Set([...(continues ? earlier.paths : []), ...training.map(({ path }) => path)])],
    ...result,
  });
  return result;
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

async function baseOf(modelPath: string): Promise<ExpertRecord['base']> {
  const { size, mtimeMs } = await stat(modelPath);
  return { path: modelPath, sizeBytes: size, modifiedMs: Math.round(mtimeMs) };
}

/** An expert of another model, or of files that are secret now, is not continued. */
async function discardExpert({ expertFile, recordFile, trainingFolder }: ExpertFolder): Promise<void> {
  for (const file of [recordFile, expertFile, trainingFolder]) await rm(file, { recursive: true, force: true });
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (status) => status.isFile(),
    () => false,
  );
}
