import { Option, type Command } from 'commander';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { realPathOf } from '../../common/findFiles.ts';
import { contextSetName, workspaceKeyOf } from '../../keptContexts/workspaceKey.ts';
import { learningFolder } from '../../keptContexts/learntFolder.ts';
import { expertFolder, type ExpertFolder } from '../../learning/expertStore.ts';
import { learnNewCode, learnWorkspace, type LearnOptions } from '../../learning/learnWorkspace.ts';
import { readLearntStatus } from '../../learning/learntStatus.ts';
import { computeThreads } from '../../models/threads.ts';
import { defaultModelPath } from '../../shelf/defaultModel.ts';
import { InterruptedError } from '../exitCodes.ts';
import { readFolderSources } from '../folderSources.ts';
import { interruptible } from '../interruptible.ts';
import { integer, withJson } from '../options.ts';
import { printFields, printJson } from '../output.ts';
import { EditorLink } from '../editorLink.ts';
import { Pausing } from '../pausing.ts';
import { recentLinesOf } from './learn/gitHistory.ts';
import { learnInBackground } from './learn/inBackground.ts';
import { printResult, printStatus } from './learn/print.ts';
import { openModel, requireTrainable, trainPass } from './learn/processes.ts';
import { trainableExperts } from './learn/trainableExperts.ts';

interface LearnCommandOptions {
  readonly json: boolean;
  readonly events: boolean;
  readonly background: boolean;
  readonly status: boolean;
  readonly workspaceKey?: string;
  readonly model?: string;
  readonly tokens: number;
  readonly places: number;
  readonly secretFiles: readonly string[];
  readonly threads: number;
}

/** The expert of a folder, and the model below it. */
type Expert = Pick<LearnOptions, 'modelPath' | 'startFrom'> & { readonly root: string; readonly folder: ExpertFolder };

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
    .addOption(
      new Option('--status', 'learn nothing, and tell what was learnt so far')
        .default(false)
        .conflicts(['events', 'background']),
    )
    .option('--background', 'learn only if there is new code, on mains power, and if nothing else learns', false)
    .option('--events', 'for editors: print progress as JSON lines; obey "pause" and "resume" on standard input', false)
    .option('--workspace-key <key>', 'for editors: the key that they send to the sidecar (default: by the path)')
    .option('--threads <number>', 'compute threads', (value) => integer(value, 1, 512), 0);
  withJson(command).action(learn);
}

async function learn(given: string, options: LearnCommandOptions): Promise<void> {
  const expert = await expertOf(given, options);
  if (options.status) {
    const status = await readLearntStatus(expert);
    if (options.json) printJson(status);
    else printStatus(status, expert.folder.expertFile);
    return;
  }
  const pausing = new Pausing();
  using editor = options.events ? new EditorLink(pausing) : undefined;
  const result = await interruptible((interrupt, bar) => {
    const signal = AbortSignal.any([interrupt, ...(editor ? [editor.signal] : [])]);
    const onProgress = editor?.onProgress ?? ((step: string, share: number) => bar.update(step, share));
    const run = { expert, options, onProgress, pausing };
    return options.background
      ? learnInBackground({
          learn: async (battery) =>
            learnNewCode(await learnOptions({ ...run, signal: AbortSignal.any([signal, battery]) })),
          onBattery: () => pausing.resume(),
        })
      : learnOptions({ ...run, signal }).then(learnWorkspace);
  }).catch((error: unknown) => {
    throw editor?.signal.aborted ? new InterruptedError('Interrupted', { cause: error }) : error;
  });
  const isSkipped = typeof result === 'string';
  if (options.json || options.events) printJson(isSkipped ? { skipped: result } : result);
  else if (isSkipped) printFields([['Nothing was learnt', result]]);
  else printResult(result, expert.folder.expertFile);
}

async function expertOf(given: string, { workspaceKey, model }: LearnCommandOptions): Promise<Expert> {
  const root = await realPathOf(path.resolve(given));
  const key = workspaceKey ?? workspaceKeyOf([pathToFileURL(root).href]);
  const folder = expertFolder(learningFolder(), contextSetName(key));
  const modelPath = model === undefined ? await defaultModelPath() : path.resolve(model);
  return { root, folder, modelPath, startFrom: await trainableExperts(modelPath) };
}

async function learnOptions({
  expert: { root, ...expert },
  options,
  signal,
  onProgress,
  pausing,
}: Pick<LearnOptions, 'signal' | 'onProgress'> & {
  readonly expert: Expert;
  readonly options: LearnCommandOptions;
  readonly pausing: Pausing;
}): Promise<LearnOptions> {
  const { modelPath } = expert;
  const sources = await readFolderSources(root, options);
  const threads = await computeThreads(options.threads);
  return {
    ...expert,
    files: sources.files,
    forbids: (file) => sources.forbids(file),
    recentLines: (files) => recentLinesOf(root, files, signal),
    threads,
    maxTokens: options.tokens,
    maxWindows: options.places,
    signal,
    onProgress,
    requireTrainable: () => requireTrainable(modelPath),
    open: (adapters) => openModel({ modelPath, adapters, threads, pausing }),
    train: (request) => trainPass({ modelPath, signal, onProgress, pausing }, request),
  };
}
