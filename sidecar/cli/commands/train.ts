import { InvalidArgumentError, Option, type Command } from 'commander';
import os from 'node:os';
import path from 'node:path';
import { DEFAULT_MUON_MOMENTUM, defaultAdamW } from '../../../kernels/training/optimiser/adamWOptions.ts';
import { homeFolder } from '../../common/home.ts';
import { computeThreads } from '../../models/threads.ts';
import { defaultModelPath } from '../../shelf/defaultModel.ts';
import type { LowRankOptions, ScratchSizes, TrainOptions, TrainProgress } from '../../workshop/train/options.ts';
import type { SpeechSizes, SpeechTrainOptions } from '../../workshop/train/speech/speechOptions.ts';
import { trainInProcess } from '../../workshop/train/trainingProcess.ts';
import { InterruptedError, UsageError } from '../exitCodes.ts';
import { onInterrupt } from '../interrupt.ts';
import { decimal, integer, regularExpression, withJson } from '../options.ts';
import { printJson } from '../output.ts';
import { assertWritable } from '../outputFiles.ts';
import { writeForeignText } from '../terminal.ts';

interface TrainCommandOptions {
  readonly json: boolean;
  readonly model?: string;
  readonly scratch?: ScratchSizes;
  readonly speech?: SpeechSizes;
  readonly speechPositions: SpeechTrainOptions['positions'];
  readonly speechBits: SpeechTrainOptions['bits'];
  readonly speech8BitSteps: number;
  readonly specAugment: boolean;
  readonly data: readonly string[];
  readonly output: string;
  readonly name?: string;
  readonly restart: boolean;
  readonly steps: number;
  readonly batch: number;
  readonly microBatch: number;
  readonly sequence: number;
  readonly rate: number;
  readonly schedule: 'cosine' | 'wsd';
  readonly warmUp: number;
  readonly weightDecay: number;
  readonly clip: number;
  readonly optimiser: 'adamw' | 'muon';
  readonly dropout: number;
  readonly singleScaleNorm: boolean;
  readonly outlierLoss: number;
  readonly precision: TrainOptions['precision'];
  readonly lowRank?: number;
  readonly lowRankInit: LowRankOptions['init'];
  readonly lowRankDecay: LowRankOptions['decay'];
  readonly lowRankDenseSteps: number;
  readonly adapter?: number;
  readonly adapterAlpha?: number;
  readonly freeze: readonly string[];
  readonly balance: number;
  readonly z: number;
  readonly fim: number;
  readonly fimLoss: 'all' | 'middle';
  readonly fimWeight: number;
  readonly fimSuffixMark?: string;
  readonly fimPrefixMark?: string;
  readonly checkpointSteps: number;
  readonly maxFile: number;
  readonly seed: number;
  readonly device: TrainOptions['device'];
  readonly threads: number;
}

const MANY = 2 ** 30;
/** Options of language models, which are invalid with --speech. */
const NOT_FOR_SPEECH: readonly (keyof TrainCommandOptions)[] = [
  'model',
  'scratch',
  'sequence',
  'microBatch',
  'precision',
  'dropout',
  'singleScaleNorm',
  'outlierLoss',
  'lowRank',
  'adapter',
  'freeze',
  'fim',
];

/** `chorus train`: trains a model on texts of this machine and writes it as GGUF. */
export function addTrain(program: Command): void {
  const cores = os.availableParallelism();
  withJson(
    program.command('train').description('train a model on texts; the same command goes on after an interruption'),
  )
    .option('--model <file>', 'GGUF to train further, or to take the tokenizer from (default: the bundled model)')
    .option('--scratch <sizes>', 'begin with random weights: width,blocks,heads,kvHeads,feedForward', scratchSizes)
    .addOption(
      new Option(
        '--speech <sizes>',
        'a speech model with random weights, and --data lists recordings: bands,channels,width,encoderBlocks,decoderBlocks,heads,feedForward',
      )
        .argParser(speechSizes)
        .conflicts([...NOT_FOR_SPEECH]),
    )
    .addOption(
      new Option('--speech-positions <kind>', 'kind of position encoding')
        .choices(['convolutional', 'sinusoidal'])
        .default('convolutional'),
    )
    .addOption(
      new Option(
        '--speech-bits <kind>',
        'type of the file: float32, or 8 bits for weights and activations, calibrated after the training or trained',
      )
        .choices(['float', 'calibrated', 'trained'])
        .default('float'),
    )
    .option(
      '--speech-8-bit-steps <steps>',
      'number of last steps trained in 8 bits, with --speech-bits trained',
      (value) => integer(value, 1, MANY),
      200,
    )
    .option('--no-spec-augment', 'do not mask times and frequency bands of recordings')
    .requiredOption(
      '--data <paths...>',
      'files and folders of UTF-8 text; with --speech files of JSON lines: audio_filepath, text, language',
    )
    .requiredOption('--output <file>', 'GGUF to write')
    .option('--name <name>', 'name of the training, for its checkpoints (default: that of the output)')
    .option('--restart', 'start again without the checkpoints of this name', false)
    .option('--steps <number>', 'total steps', (value) => integer(value, 1, MANY), 1_000)
    .option('--batch <sequences>', 'sequences per step', (value) => integer(value, 1, 65_536), 8)
    .option('--micro-batch <sequences>', 'sequences that are computed at once', (value) => integer(value, 1, 1_024), 1)
    .option('--sequence <tokens>', 'tokens of a sequence', (value) => integer(value, 8, 65_536), 512)
    .option('--rate <number>', 'highest learning rate', (value) => decimal(value, 0, 10), 3e-4)
    .addOption(
      new Option('--schedule <kind>', 'how the learning rate falls').choices(['cosine', 'wsd']).default('cosine'),
    )
    .option('--warm-up <steps>', 'steps in which the learning rate rises', (value) => integer(value, 0, MANY), 20)
    .option(
      '--weight-decay <number>',
      'weight decay of matrices',
      (value) => decimal(value, 0, 10),
      defaultAdamW.weightDecay,
    )
    .option(
      '--clip <number>',
      'highest norm of the gradients',
      (value) => decimal(value, 1e-6, 1e9),
      defaultAdamW.clipNorm,
    )
    .addOption(
      new Option('--optimiser <name>', 'optimiser of matrices inside blocks; other tensors use AdamW')
        .choices(['adamw', 'muon'])
        .default('adamw'),
    )
    .option(
      '--dropout <share>',
      'share of embeddings and block outputs that is dropped at random',
      (value) => decimal(value, 0, 0.9),
      0,
    )
    .option('--single-scale-norm', 'use one gain for all values of a norm, which avoids outliers', false)
    .option(
      '--outlier-loss <number>',
      'loss on outliers in the outputs of blocks; 0.01 is a large value',
      (value) => decimal(value, 0, 10),
      0,
    )
    .addOption(
      new Option(
        '--precision <type>',
        'type of matrix products; q8: weights in 8 bits; q5, q4: weights inside blocks in 5 or 4 bits',
      )
        .choices(['f32', 'bf16', 'q8', 'q5', 'q4'])
        .default('bf16'),
    )
    .option(
      '--low-rank <size>',
      'train matrices of blocks as products of two factors: a rank, or a share of their smaller side',
      rankOrShare,
    )
    .addOption(
      new Option('--low-rank-init <kind>', 'initial values of factors, with --scratch')
        .choices(['he', 'spectral', 'spectral-ones'])
        .default('spectral'),
    )
    .addOption(
      new Option('--low-rank-decay <kind>', 'weight decay of each factor, or of their product')
        .choices(['l2', 'frobenius'])
        .default('frobenius'),
    )
    .option(
      '--low-rank-dense-steps <steps>',
      'number of first steps with whole matrices; factors follow at half the learning rate',
      (value) => integer(value, 0, MANY),
      0,
    )
    .option('--adapter <rank>', 'train only factors of this rank beside matrices of blocks', (value) =>
      integer(value, 1, 65_536),
    )
    .option('--adapter-alpha <number>', 'scale of their product: alpha / rank (default: twice the rank)', (value) =>
      decimal(value, 0, 1e6),
    )
    .option(
      '--freeze <patterns...>',
      'regular expressions: tensors that are not trained',
      (value: string, before: readonly string[]) => [...before, regularExpression(value)],
      [],
    )
    .option('--balance <number>', 'load-balancing loss of routers', (value) => decimal(value, 0, 10), 0.01)
    .option('--z <number>', 'z loss of routers', (value) => decimal(value, 0, 10), 0.001)
    .option('--fim <share>', 'share of texts with a gap to fill', (value) => decimal(value, 0, 1), 0)
    .addOption(
      new Option('--fim-loss <tokens>', 'tokens of these texts that count in the loss')
        .choices(['all', 'middle'])
        .default('all'),
    )
    .option('--fim-weight <number>', 'loss weight of a token of the gap', (value) => decimal(value, 0.01, 100), 1)
    .option('--fim-suffix-mark <token>', 'special token before the suffix')
    .option('--fim-prefix-mark <token>', 'special token before the prefix')
    .option('--checkpoint-steps <steps>', 'steps between checkpoints', (value) => integer(value, 1, MANY), 50)
    .option('--max-file <bytes>', 'larger files are skipped', (value) => integer(value, 1, MANY), 1_000_000)
    .option('--seed <number>', 'random seed', (value) => integer(value, 0, 2 ** 31 - 1), 1)
    .addOption(new Option('--device <name>', 'where to compute').choices(['cpu', 'cuda', 'vulkan']).default('cpu'))
    .option('--threads <number>', `compute threads, 1 to ${cores}`, (value) => integer(value, 1, cores), 0)
    .action(trainCommand);
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

async function trainOptions(options: TrainCommandOptions): Promise<TrainOptions> {
  return {
    ...(await commonOptions(options)),
    modelPath: options.model === undefined ? await defaultModelPath() : path.resolve(options.model),
    scratch: options.scratch,
    maxFileBytes: options.maxFile,
    sequenceTokens: options.sequence,
    batchSequences: options.batch,
    microSequences: options.microBatch,
    precision: options.precision,
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
        : { rank: options.adapter, alpha: options.adapterAlpha ?? 2 * options.adapter },
    freeze: options.freeze,
    dropout: options.dropout,
    singleScaleNorm: options.singleScaleNorm,
    outlierLoss: options.outlierLoss,
    routerLoss: { balance: options.balance, z: options.z },
    fimShare: options.fim,
    fimLoss: options.fimLoss,
    fimWeight: options.fimWeight,
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

function scratchSizes(value: string): ScratchSizes {
  const numbers = value.split(',').map((part) => integer(part.trim(), 1, 2 ** 20));
  if (numbers.length !== 5)
    throw new InvalidArgumentError('Expected five numbers: width,blocks,heads,kvHeads,feedForward.');
  const [width, blocks, heads, kvHeads, feedForwardWidth] = numbers as [number, number, number, number, number];
  return { width, blocks, heads, kvHeads, feedForwardWidth };
}

function speechSizes(value: string): SpeechSizes {
  const numbers = value.split(',').map((part) => integer(part.trim(), 1, 2 ** 16));
  if (numbers.length !== 7)
    throw new InvalidArgumentError(
      'Expected seven numbers: bands,channels,width,encoderBlocks,decoderBlocks,heads,feedForward.',
    );
  const [melBands, channels, width, encoderBlocks, decoderBlocks, heads, feedForwardWidth] = numbers as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { melBands, channels, width, encoderBlocks, decoderBlocks, heads, feedForwardWidth };
}

function rankOrShare(value: string): number {
  const size = Number(value);
  if (value.trim() === '' || !(size > 0) || (size >= 1 && !Number.isInteger(size)))
    throw new InvalidArgumentError('Expected a rank, 1 or more, or a share below 1.');
  return size;
}
