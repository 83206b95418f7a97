/**
 * Learns repositories and measures what the expert adds to files that were held out.
 *
 *   npx tsx test/bench/learning.ts [NAME=FOLDER …] [--model FILE] [--tokens 50000] [--windows 40] [--write]
 *
 * Each run adds its repositories to `docs/results/learning.outcomes.json`, from which `--write` makes the page. Without
 * a folder it only makes the page. A killed training is continued by the same command.
 */
import { execa } from 'execa';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { recentLinesOf } from '../../sidecar/cli/commands/learn/gitHistory.ts';
import { openModel } from '../../sidecar/cli/commands/learn/processes.ts';
import { trainableExperts } from '../../sidecar/cli/commands/learn/trainableExperts.ts';
import { readFolderSources } from '../../sidecar/cli/folderSources.ts';
import { developerCacheFolder } from '../../.scripts/fetchModel.ts';
import { detectFim } from '../../sidecar/completion/prompt/fim.ts';
import { fillWindows, type FillWindow } from '../../sidecar/learning/fillWindows.ts';
import { generalNats } from '../../sidecar/learning/generalNats.ts';
import { measureFills, type FillScore } from '../../sidecar/learning/measureFills.ts';
import { openSourceWorkspace, uriOfSource, type SourceWorkspace } from '../../sidecar/learning/sourceWorkspace.ts';
import { weighRecent } from '../../sidecar/learning/pass.ts';
import { splitSources } from '../../sidecar/learning/splitSources.ts';
import { trainingTexts } from '../../sidecar/learning/trainingTexts.ts';
import { computeThreads } from '../../sidecar/models/threads.ts';
import { defaultModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { expertOptions, trainedTokens } from '../../sidecar/workshop/train/expertOptions.ts';
import { trainInProcess } from '../../sidecar/workshop/train/trainingProcess.ts';
import { addOutcome, readOutcomes } from './learning/outcomes.ts';
import { learningTable } from './learning/table.ts';
import { originOfRun, writeReport } from './report.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string' },
    tokens: { type: 'string', default: '50000' },
    windows: { type: 'string', default: '40' },
    write: { type: 'boolean', default: false },
  },
});
const modelPath = options.model === undefined ? await defaultModelPath() : path.resolve(options.model);
const threads = await computeThreads(0);

for (const given of positionals) {
  const [name, folder] = given.split('=');
  if (name === undefined || folder === undefined) throw new Error(`${given} is not NAME=FOLDER.`);
  await learn(name, path.resolve(folder));
}
const outcomes = await readOutcomes();
console.log(learningTable(outcomes));
if (options.write)
  await writeReport({
    name: 'learning',
    title: 'Learning a workspace',
    body: `An expert of rank 16 is trained on a repository, as \`chorus learn\` trains it. *Base* is the model as it ships, with its own experts. The workspace's expert begins with these and takes their place. One file in ten is held out, chosen by a hash of its path. In held-out files, windows of twelve lines are filled with the prompts of completion: the text on both sides,
and with *context* at most 768 tokens of other files. Each token is predicted with the tokens before it given. *Nats* are per token; *lines* is the share of lines that have only likeliest tokens. Qwen2.5-Coder was trained on GitHub's public repositories from before February 2024 (arXiv 2409.12186), so it knows much of the older ones. N-grams only draft: they make completions faster and leave each token as it is.
*General code* is the change of nats per token of programs in ten languages that belong to no repository. Errors are standard errors over windows. The goal: 3 points of lines and 8 % of nats over context, general code within 0.5 %.

${learningTable(outcomes)}`,
    figures: outcomes.map((outcome) => ({ ...outcome, fills: undefined })),
    model: [...new Set(outcomes.map(({ model }) => model))].join(', '),
    command: 'npx tsx test/bench/learning.ts NAME=FOLDER --write',
  });

async function learn(repository: string, root: string): Promise<void> {
  const { files } = await readFolderSources(root);
  const { training, heldOut } = splitSources(files);
  const windows = fillWindows(heldOut, Number(options.windows));
  console.log(`${repository}: ${training.length} files, ${heldOut.length} held out, ${windows.length} windows`);
  const folder = path.join(developerCacheFolder(), 'learning', `${repository.replaceAll('/', '+')}-${options.tokens}`);
  await mkdir(folder, { recursive: true });
  await using indexed = await openSourceWorkspace(files);
  const weighed = await weighRecent({ training, earlier: undefined, isContinued: false }, (known) =>
    recentLinesOf(root, known, new AbortController().signal),
  );
  const before = await measure(windows, { adapters: [], indexed });
  const train = expertOptions({
    modelPath,
    continueFrom: await trainableExperts(modelPath),
    outputFile: path.join(folder, 'expert.gguf'),
    trainingFolder: path.join(folder, 'training'),
    maxTokens: Number(options.tokens),
    hasFillMarks: before.hasFillMarks,
    threads,
    seed: 1,
  });
  const start = performance.now();
  const { outputPath } = await trainInProcess(train, {
    texts: trainingTexts(weighed),
    onProgress: ({ step, totalSteps, loss, tokensPerSecond }) =>
      console.log(
        `${repository}: ${step} of ${totalSteps}, ${loss.toFixed(3)}, ${tokensPerSecond.toFixed(1)} tokens/s`,
      ),
  });
  if (outputPath === undefined) throw new Error('The training was stopped.');
  const trainingMinutes = (performance.now() - start) / 60_000;
  const after = await measure(windows, { adapters: [outputPath], indexed });
  await addOutcome({
    ...(await originOfRun()),
    repository,
    begun: await firstCommit(root),
    model: path.basename(modelPath).replace(/(?:-\d+-of-\d+)?\.gguf$/, ''),
    trainedTokens: trainedTokens(train),
    trainingMinutes,
    files: { training: training.length, heldOut: heldOut.length },
    fills: {
      base: before.alone,
      'base + context': before.withContext,
      expert: after.alone,
      'expert + context': after.withContext,
    },
    general: { natsBefore: before.general, natsAfter: after.general },
  });
}

/** Returns the date of a repository's first commit. Absent: the folder has no history. */
async function firstCommit(root: string): Promise<string | undefined> {
  const git = ['-C', root, 'log', '--max-parents=0', '--format=%cs'];
  const { stdout, failed } = await execa('git', git, { reject: false });
  return failed ? undefined : stdout.split('\n').sort()[0];
}

interface Measured {
  readonly hasFillMarks: boolean;
  readonly alone: readonly FillScore[];
  readonly withContext: readonly FillScore[];
  readonly general: number;
}

async function measure(
  windows: readonly FillWindow[],
  { adapters, indexed }: { readonly adapters: readonly string[]; readonly indexed: SourceWorkspace },
): Promise<Measured> {
  await using opened = await openModel({ modelPath, adapters, threads });
  const { engine, model } = opened;
  const shared = { engine, model, uriOf: uriOfSource };
  return {
    hasFillMarks: (await detectFim(engine, model)) !== undefined,
    alone: await measureFills(windows, shared),
    withContext: await measureFills(windows, { ...shared, workspace: indexed.workspace }),
    general: await generalNats(engine, model),
  };
}
