/**
 * Learns a repository with and without the weights of recent code, and with and without general code, and measures
 * held-out files without other files in the prompt.
 *
 *   npx tsx test/bench/learningWeights.ts FOLDER [--model FILE] [--tokens 20000] [--windows 60]
 *
 * A tenth of the lines of held-out files is recent too. Windows there tell whether recent code is learnt better.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { developerCacheFolder } from '../../.scripts/fetchModel.ts';
import { recentLinesOf } from '../../sidecar/cli/commands/learn/gitHistory.ts';
import { openModel } from '../../sidecar/cli/commands/learn/processes.ts';
import { trainableExperts } from '../../sidecar/cli/commands/learn/trainableExperts.ts';
import { readFolderSources } from '../../sidecar/cli/folderSources.ts';
import type { WeightedText } from '../../sidecar/common/weightedText.ts';
import { gainOf } from '../../sidecar/learning/adoption.ts';
import { fillWindows } from '../../sidecar/learning/fillWindows.ts';
import { measureModel, type Measured } from '../../sidecar/learning/measureModel.ts';
import { weighRecent } from '../../sidecar/learning/pass.ts';
import { splitSources } from '../../sidecar/learning/splitSources.ts';
import { trainingTexts } from '../../sidecar/learning/trainingTexts.ts';
import { computeThreads } from '../../sidecar/models/threads.ts';
import { defaultModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { expertOptions } from '../../sidecar/workshop/train/expertOptions.ts';
import { trainInProcess } from '../../sidecar/workshop/train/trainingProcess.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string' },
    tokens: { type: 'string', default: '20000' },
    windows: { type: 'string', default: '60' },
  },
});
const root = path.resolve(positionals[0] ?? '.');
const modelPath = options.model === undefined ? await defaultModelPath() : path.resolve(options.model);
const threads = await computeThreads(0);
const never = new AbortController().signal;

const { files } = await readFolderSources(root);
const { training, heldOut } = splitSources(files);
const recent = await recentLinesOf(root, files, never);
const windows = fillWindows(heldOut, Number(options.windows));
const isRecent = windows.map(({ path: file, prefix, middle }) => {
  const first = prefix.split('\n').length - 1;
  const last = first + middle.split('\n').length;
  return (recent.get(file) ?? []).some(({ start, end }) => start < last && end > first);
});
console.log(
  `${training.length} files, ${heldOut.length} held out, ${windows.length} windows, ${isRecent.filter(Boolean).length} of them with recent lines`,
);

const equal = trainingTexts(training);
const weighted = trainingTexts(
  await weighRecent({ training, earlier: undefined, isContinued: false }, async () => recent),
);
const base = await measure();
tell('base', base);
const arms: readonly (readonly [name: string, texts: readonly WeightedText[]])[] = [
  ['equal weights, no general code', equal.slice(0, training.length)],
  ['recent code weighs most, no general code', weighted.slice(0, training.length)],
  ['recent code weighs most, general code', weighted],
];
for (const [name, texts] of arms) tell(name, await measure(await train(name, texts)));

async function train(name: string, texts: readonly WeightedText[]): Promise<string> {
  const folder = path.join(developerCacheFolder(), 'learning', `weights ${name}`);
  await mkdir(folder, { recursive: true });
  const outputFile = path.join(folder, 'expert.gguf');
  await trainInProcess(
    {
      ...expertOptions({
        ...{ modelPath, outputFile, threads, seed: 1, maxTokens: Number(options.tokens) },
        ...{ trainingFolder: path.join(folder, 'training'), hasFillMarks: base.hasFillMarks },
        continueFrom: await trainableExperts(modelPath),
      }),
      resume: false,
    },
    { texts },
  );
  return outputFile;
}

function measure(...adapters: readonly string[]): Promise<Measured> {
  const open = (files: readonly string[]) => openModel({ modelPath, adapters: files, threads });
  return measureModel(windows, { adapters, open, signal: never });
}

function tell(name: string, { fills, generalNats }: Measured): void {
  const parts = [
    ['all windows', () => true],
    ['recent', (_: unknown, index: number) => isRecent[index] === true],
  ] as const;
  const cells = parts.map(([part, isIn]) => {
    const [before, after] = [base.fills.filter(isIn), fills.filter(isIn)];
    const sum = (key: 'nats' | 'tokens' | 'lines' | 'filled'): number =>
      after.reduce((all, each) => all + each[key], 0);
    const change = gainOf(
      before,
      after,
      ({ nats }) => nats,
      ({ tokens }) => tokens,
    );
    return `${part} ${(sum('nats') / sum('tokens')).toFixed(4)} nats (${change.mean.toFixed(4)} ± ${change.standardError.toFixed(4)}), ${sum('filled')} of ${sum('lines')} lines`;
  });
  const worse = `${(100 * (generalNats / base.generalNats - 1)).toFixed(2)} %`;
  console.log(`${name}: ${cells.join('; ')}; general ${generalNats.toFixed(4)} (${worse})`);
}
