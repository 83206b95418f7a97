import type { Command } from 'commander';
import path from 'node:path';
import { DEFAULT_MUON_MOMENTUM, defaultAdamW } from '../../../kernels/training/optimiser/adamWOptions.ts';
import { homeFolder } from '../../common/home.ts';
import { computeThreads } from '../../models/threads.ts';
import { defaultModelPath } from '../../shelf/defaultModel.ts';
import type { TrainOptions, TrainProgress } from '../../workshop/train/options.ts';
import type { SpeechSizes, SpeechTrainOptions } from '../../workshop/train/speech/speechOptions.ts';
import { trainInProcess } from '../../workshop/train/trainingProcess.ts';
import { InterruptedError, UsageError } from '../exitCodes.ts';
import { onInterrupt } from '../interrupt.ts';
import { withJson } from '../options.ts';
import { printJson } from '../output.ts';
import { assertWritable } from '../outputFiles.ts';
import { writeForeignText } from '../terminal.ts';
import type { TrainCommandOptions } from './train/commandOptions.ts';
import { addTrainOptions } from './train/options.ts';

/** `chorus train`: trains a model on texts of this machine and writes it as GGUF. */
export function addTrain(program: Command): void {
  const command = withJson(
    program.command('train').description('train a model on texts; the same command goes on after an interruption'),
  );
  addTrainOptions(command);
  command.action(trainCommand);
}

async function trainCommand(options: TrainCommandOptions): Promise<void> {
  await assertWritable(options.output);
  const interrupt = onInterrupt();
  try {
    const result = await trainInProcess(
      options.speech ? await speechOptions(options, options.speech) : await trainOptions(options),
      {
        signal: interrupt.signal,
        onNote: (line) => writeForeignText(process.stderr, `${line}\n`),
        onProgress: (progress) => showProgress(progress),
      },
    );
    if (process.stderr.isTTY) process.stderr.write('\n');
    if (result.outputPath === undefined) throw new InterruptedError();
    if (options.json) printJson({ ...result, losses: undefined, loss: result.losses.at(-1) });
    else writeForeignText(process.stdout, `${result.outputPath}\n${result.plotPath}\n`);
  } finally {
    interrupt.dispose();
  }
}

async function speechOptions(options: TrainCommandOptions, speech: SpeechSizes): Promise<SpeechTrainOptions> {
  if (options.device !== 'cpu')
    throw new UsageError(`Speech models are trained on the processor alone: leave --device ${options.device} out.`);
  return {
    ...(await commonOptions(options)),
    speech,
    positions: options.speechPositions,
    batchUtterances: options.batch,
    bits: options.speechBits,
    eightBitSteps: options.speech8BitSteps,
    specAugment: options.specAugment,
  };
}

/** Returns the options that all kinds of training share. */
async function commonOptions(options: TrainCommandOptions) {
  const outputPath = path.resolve(options.output);
  return {
    dataPaths: options.data.map((given) => path.resolve(given)),
    outputPath,
    checkpointFolder: path.join(homeFolder(), 'train', options.name ?? path.basename(outputPath, '.gguf')),
    checkpointSteps: options.checkpointSteps,
    resume: !options.restart,
    schedule: {
      kind: options.schedule,
      peakRate: options.rate,
      floorShare: 0.1,
      warmUpSteps: options.warmUp,
      totalSteps: options.steps,
      decayShare: 0.2,
    },
    optimiser: {
      ...defaultAdamW,
      weightDecay: options.weightDecay,
      clipNorm: options.clip,
      muonMomentum: options.optimiser === 'muon' ? DEFAULT_MUON_MOMENTUM : undefined,
    },
    seed: options.seed,
    threads: await computeThreads(options.threads),
  };
}

/** Throws `UsageError` for experts without a rank. */
async function trainOptions(options: TrainCommandOptions): Promise<TrainOptions> {
  if (options.adapterExperts !== undefined && options.adapter === undefined)
    throw new UsageError('--adapter-experts needs the rank of an expert: --adapter RANK.');
  return {
    ...(await commonOptions(options)),
    modelPath: options.model === undefined ? await defaultModelPath() : path.resolve(options.model),
    scratch: options.scratch,
    maxFileBytes: options.maxFile,
    sequenceTokens: options.sequence,
    batchSequences: options.batch,
    microSequences: options.microBatch,
    precision: options.precision,
    recompute: options.recompute,
    lowRank:
      options.lowRank === undefined
        ? undefined
        : {
            size: options.lowRank,
            init: options.lowRankInit,
            decay: options.lowRankDecay,
            denseSteps: options.lowRankDenseSteps,
          },
    adapter:
      options.adapter === undefined
        ? undefined
        : {
            rank: options.adapter,
            experts: options.adapterExperts,
            alpha: options.adapterAlpha ?? 2 * options.adapter,
            from: options.adapterFrom === undefined ? undefined : path.resolve(options.adapterFrom),
            purpose: options.adapterPurpose,
          },
    export: options.export,
    teacher:
      options.teacher === undefined
        ? undefined
        : { modelPath: path.resolve(options.teacher), targets: options.teacherTokens },
    freeze: options.freeze,
    dropout: options.dropout,
    singleScaleNorm: options.singleScaleNorm,
    outlierLoss: options.outlierLoss,
    routerLoss: { balance: options.balance, z: options.z },
    fimShare: options.fim,
    fimLoss: options.fimLoss,
    fimWeight: options.fimWeight,
    fimMarks: options.fimMarks,
    fimSuffixMark: options.fimSuffixMark,
    fimPrefixMark: options.fimPrefixMark,
    device: options.device,
  };
}

/** Redraws one line on a terminal, else writes a line per step. */
function showProgress({ step, totalSteps, loss, tokensPerSecond, secondsLeft, rate }: TrainProgress): void {
  const line = `step ${step} of ${totalSteps}  loss ${loss.toFixed(4)}  rate ${rate.toExponential(2)}  ${tokensPerSecond.toFixed(0)} tokens/s  ${formatSeconds(secondsLeft)} left`;
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
}

function formatSeconds(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : minutes > 0 ? `${minutes} min` : `${Math.ceil(seconds)} s`;
}
