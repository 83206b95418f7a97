import type { Command } from 'commander';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { realPathOf } from '../../common/findFiles.ts';
import { EngineProcess } from '../../engine/process/engineProcess.ts';
import { contextSetName, workspaceKeyOf } from '../../keptContexts/workspaceKey.ts';
import { learningFolder } from '../../keptContexts/learntFolder.ts';
import { expertFolder } from '../../learning/expertStore.ts';
import {
  learnWorkspace,
  type LearnResult,
  type MeasuredModel,
  type PassRequest,
} from '../../learning/learnWorkspace.ts';
import { readAdapterFile } from '../../models/adapters/adapterFile.ts';
import { computeThreads } from '../../models/threads.ts';
import { defaultModelPath } from '../../shelf/defaultModel.ts';
import { expertsOf } from '../../shelf/modelExperts.ts';
import { EXPERT_RANK, expertOptions, trainedTokens } from '../../workshop/train/expertOptions.ts';
import { trainInProcess } from '../../workshop/train/trainingProcess.ts';
import { InterruptedError } from '../exitCodes.ts';
import { readFolderSources } from '../folderSources.ts';
import { interruptible } from '../interruptible.ts';
import { integer, withJson } from '../options.ts';
import { printFields, printJson } from '../output.ts';
import { EditorLink } from '../editorLink.ts';
import { Pausing } from '../pausing.ts';

interface LearnCommandOptions {
  readonly json: boolean;
  readonly events: boolean;
  readonly workspaceKey?: string;
  readonly model?: string;
  readonly tokens: number;
  readonly places: number;
  readonly secretFiles: readonly string[];
  readonly threads: number;
}

/** `chorus learn`: trains a folder's low-rank expert and tells whether it helps. */
export function addLearn(program: Command): void {
  const command = program
    .command('learn')
    .description('learn the code of a folder, and measure what was learnt on files that were held out')
    .argument('[folder]', "the workspace's folder", '.')
    .option('--model <file>', 'GGUF file to use (default: the bundled model)')
    .option('--tokens <number>', 'tokens to learn from in this pass', (value) => integer(value, 1_024, 1e7), 50_000)
    .option('--places <number>', 'places in held-out files to measure', (value) => integer(value, 4, 1_000), 24)
    .option('--secret-files <patterns...>', 'further files that are secret, in the syntax of .gitignore', [])
    .option('--events', 'for editors: print progress as JSON lines; obey "pause" and "resume" on standard input', false)
    .option('--workspace-key <key>', 'for editors: the key that they send to the sidecar (default: by the path)')
    .option('--threads <number>', 'compute threads', (value) => integer(value, 1, 512), 0);
  withJson(command).action(learn);
}

async function learn(given: string, options: LearnCommandOptions): Promise<void> {
  const root = await realPathOf(path.resolve(given));
  const sources = await readFolderSources(root, options);
  const key = options.workspaceKey ?? workspaceKeyOf([pathToFileURL(root).href]);
  const folder = expertFolder(learningFolder(), contextSetName(key));
  const modelPath = options.model === undefined ? await defaultModelPath() : path.resolve(options.model);
  const startFrom = await trainableExperts(modelPath);
  const threads = await computeThreads(options.threads);
  const pausing = new Pausing();
  using editor = options.events ? new EditorLink(pausing) : undefined;
  const result = await interruptible((interrupt, bar) => {
    const signal = AbortSignal.any([interrupt, ...(editor ? [editor.signal] : [])]);
    const onProgress = editor?.onProgress ?? ((step: string, share: number) => bar.update(step, share));
    return learnWorkspace({
      files: sources.files,
      forbids: (file) => sources.forbids(file),
      folder,
      modelPath,
      startFrom,
      threads,
      maxTokens: options.tokens,
      maxWindows: options.places,
      signal,
      onProgress,
      open: (adapters) => openModel({ modelPath, adapters, threads, pausing }),
      train: (request) => trainPass({ modelPath, signal, onProgress, pausing }, request),
    });
  }).catch((error: unknown) => {
    throw editor?.signal.aborted ? new InterruptedError('Interrupted', { cause: error }) : error;
  });
  if (options.json || options.events) printJson(result);
  else print(result, folder.expertFile);
}

/** Returns the file of a model's own experts if a training can begin with them. */
async function trainableExperts(modelPath: string): Promise<string | undefined> {
  const file = await expertsOf(modelPath);
  const adapter = file === undefined ? undefined : await readAdapterFile(file).catch(() => undefined);
  const isTrainable =
    adapter && !adapter.mixture && [...adapter.matrices.values()].every(({ rank }) => rank <= EXPERT_RANK);
  return isTrainable ? file : undefined;
}

async function openModel({
  modelPath,
  adapters,
  threads,
  pausing,
}: {
  readonly modelPath: string;
  readonly adapters: readonly string[];
  readonly threads: number;
  readonly pausing: Pausing;
}): Promise<MeasuredModel> {
  const engine = new EngineProcess();
  try {
    const model = await engine.load({
      modelPath,
      experts: await expertsOf(modelPath),
      adapters,
      engine: 'chorus',
      device: 'cpu',
      threads,
      contextSizeTokens: 0,
    });
    const included = engine.pid === undefined ? undefined : pausing.include(engine.pid);
    return {
      engine,
      model,
      [Symbol.asyncDispose]: async () => {
        included?.[Symbol.dispose]();
        await engine.dispose();
      },
    };
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

interface Pass {
  readonly modelPath: string;
  readonly signal: AbortSignal;
  readonly onProgress: (step: string, share: number) => void;
  readonly pausing: Pausing;
}

async function trainPass(
  { modelPath, signal, onProgress, pausing }: Pass,
  { files, ...request }: PassRequest,
): Promise<number> {
  const options = expertOptions({ ...request, modelPath });
  let included: Disposable | undefined;
  const { outputPath } = await trainInProcess(options, {
    texts: files.map(({ text }) => text),
    signal,
    onProgress: ({ step, totalSteps }) => onProgress('Learning', step / totalSteps),
    onProcess: (pid) => (included = pausing.include(pid)),
  }).finally(() => included?.[Symbol.dispose]());
  if (outputPath === undefined) throw new InterruptedError();
  return trainedTokens(options);
}

function print({ trainedTokens, heldOut, general, adopted, reason }: LearnResult, expertFile: string): void {
  const { files, natsBefore, natsAfter, lines, linesBefore, linesAfter } = heldOut;
  const change = (after: number, before: number): string => `${(100 * (after / before - 1)).toFixed(1)} %`;
  printFields([
    ['Learnt', `${trainedTokens} tokens`],
    [
      `Held-out files (${files})`,
      `${natsBefore.toFixed(3)} nats per token before, ${natsAfter.toFixed(3)} after (${change(natsAfter, natsBefore)})`,
      `${linesBefore} of ${lines} lines filled before, ${linesAfter} after`,
    ],
    ['General code', `${change(general.natsAfter, general.natsBefore)} nats per token`],
    ['Adopted', adopted ? 'yes' : `no: ${reason ?? ''}`],
    ['Expert', expertFile],
  ]);
}
