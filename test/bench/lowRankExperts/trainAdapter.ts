import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { expertOptions } from '../../../sidecar/workshop/train/expertOptions.ts';
import { trainInProcess } from '../../../sidecar/workshop/train/trainingProcess.ts';
import type { DomainText } from './domains.ts';

export interface AdapterTraining {
  readonly name: string;
  readonly modelPath: string;
  /** The folder of all adapters of a run. */
  readonly folder: string;
  /** Of each expert. */
  readonly rank: number;
  /** Trains so many experts and their routers together. Absent: one adapter. */
  readonly experts?: number;
  /** The adapter to begin with. Absent: one without effect. */
  readonly from?: string;
  readonly tokens: number;
  readonly seed: number;
  readonly threads: number;
  readonly texts: readonly DomainText[];
}

/** Trains an adapter to predict texts, unless an earlier run did. A killed training is continued. Returns its file. */
export async function trainAdapter(training: AdapterTraining): Promise<string> {
  const { name, modelPath, folder, rank, experts, from, tokens, seed, threads, texts } = training;
  const outputFile = path.join(folder, `${name}.gguf`);
  if (existsSync(outputFile)) return outputFile;
  await mkdir(folder, { recursive: true });
  const options = expertOptions({
    modelPath,
    outputFile,
    trainingFolder: path.join(folder, `${name}.training`),
    maxTokens: tokens,
    hasFillMarks: false,
    threads,
    seed,
  });
  await trainInProcess(
    { ...options, adapter: { rank, alpha: 2 * rank, experts, from }, fimShare: 0 },
    {
      texts: texts.map(({ text }) => ({ text })),
      onProgress: ({ step, totalSteps, loss, tokensPerSecond }) =>
        console.log(`${name}: ${step} of ${totalSteps}, ${loss.toFixed(3)}, ${tokensPerSecond.toFixed(0)} tokens/s`),
    },
  );
  return outputFile;
}
