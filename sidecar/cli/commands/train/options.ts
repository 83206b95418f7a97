import { Option, type Command } from 'commander';
import os from 'node:os';
import { defaultAdamW } from '../../../../kernels/training/optimiser/adamWOptions.ts';
import { MAX_EXPERTS } from '../../../models/adapters/expertMixture.ts';
import { PURPOSES } from '../../../protocol/engine.ts';
import { decimal, integer, regularExpression } from '../../options.ts';
import type { TrainCommandOptions } from './commandOptions.ts';
import { rankOrShare, scratchSizes, speechSizes } from './sizes.ts';

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
  'adapterExperts',
  'freeze',
  'fim',
];

/** Adds the options of `chorus train`, in the order of its help. */
export function addTrainOptions(command: Command): void {
  addModelOptions(command);
  addSpeechOptions(command);
  addFileOptions(command);
  addStepOptions(command);
  addOptimiserOptions(command);
  addNetworkOptions(command);
  addLowRankOptions(command);
  addAdapterOptions(command);
  addRouterOptions(command);
  addFimOptions(command);
  addRunOptions(command);
}

function addModelOptions(command: Command): void {
  command
    .option('--model <file>', 'GGUF to train further, or to take the tokenizer from (default: the bundled model)')
    .option('--scratch <sizes>', 'begin with random weights: width,blocks,heads,kvHeads,feedForward', scratchSizes);
}

function addSpeechOptions(command: Command): void {
  command
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
    .option('--no-spec-augment', 'do not mask times and frequency bands of recordings');
}

/** The data, the file to write, and the checkpoints' name. */
function addFileOptions(command: Command): void {
  command
    .requiredOption(
      '--data <paths...>',
      'files and folders of UTF-8 text; with --speech files of JSON lines: audio_filepath, text, language',
    )
    .requiredOption('--output <file>', 'GGUF to write')
    .option('--name <name>', 'name of the training, for its checkpoints (default: that of the output)')
    .option('--restart', 'start again without the checkpoints of this name', false);
}

function addStepOptions(command: Command): void {
  command
    .option('--steps <number>', 'total steps', (value) => integer(value, 1, MANY), 1_000)
    .option('--batch <sequences>', 'sequences per step', (value) => integer(value, 1, 65_536), 8)
    .option('--micro-batch <sequences>', 'sequences that are computed at once', (value) => integer(value, 1, 1_024), 1)
    .option('--sequence <tokens>', 'tokens of a sequence', (value) => integer(value, 8, 65_536), 512)
    .option('--rate <number>', 'highest learning rate', (value) => decimal(value, 0, 10), 3e-4)
    .addOption(
      new Option('--schedule <kind>', 'how the learning rate falls').choices(['cosine', 'wsd']).default('cosine'),
    )
    .option('--warm-up <steps>', 'steps in which the learning rate rises', (value) => integer(value, 0, MANY), 20);
}

function addOptimiserOptions(command: Command): void {
  command
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
    );
}

/** How the network computes while it is trained. */
function addNetworkOptions(command: Command): void {
  command
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
    .option('--recompute', 'compute blocks again for their gradients: less memory, a third more time', false);
}

function addLowRankOptions(command: Command): void {
  command
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
    );
}

/** The options of training only a part of the weights. */
function addAdapterOptions(command: Command): void {
  command
    .option('--adapter <rank>', 'train only factors of this rank beside matrices of blocks', (value) =>
      integer(value, 1, 65_536),
    )
    .option(
      '--adapter-experts <number>',
      'train so many of these adapters and their routers as one mixture, by soft gates',
      (value) => integer(value, 1, MAX_EXPERTS),
    )
    .option('--adapter-alpha <number>', 'scale of their product: alpha / rank (default: twice the rank)', (value) =>
      decimal(value, 0, 1e6),
    )
    .option('--adapter-from <file>', 'adapter GGUF of that rank to train further')
    .addOption(
      new Option('--adapter-purpose <purpose>', 'requests that the exported adapter counts for (default: all)').choices(
        PURPOSES,
      ),
    )
    .option('--teacher <file>', 'GGUF with the same tokens whose probabilities an adapter learns')
    .option(
      '--teacher-tokens <number>',
      "how many of the teacher's likeliest tokens count one by one",
      (value) => integer(value, 1, 1_024),
      32,
    )
    .addOption(
      new Option('--export <kind>', 'what to write with --adapter: the whole model, or the factors alone')
        .choices(['merged', 'adapter'])
        .default('merged'),
    )
    .option(
      '--freeze <patterns...>',
      'regular expressions: tensors that are not trained',
      (value: string, before: readonly string[]) => [...before, regularExpression(value)],
      [],
    );
}

function addRouterOptions(command: Command): void {
  command
    .option('--balance <number>', 'load-balancing loss of routers', (value) => decimal(value, 0, 10), 0.01)
    .option('--z <number>', 'z loss of routers', (value) => decimal(value, 0, 10), 0.001);
}

function addFimOptions(command: Command): void {
  command
    .option('--fim <share>', 'share of texts with a gap to fill', (value) => decimal(value, 0, 1), 0)
    .addOption(
      new Option('--fim-loss <tokens>', 'tokens of these texts that count in the loss')
        .choices(['all', 'middle'])
        .default('all'),
    )
    .option('--fim-weight <number>', 'loss weight of a token of the gap', (value) => decimal(value, 0.01, 100), 1)
    .addOption(
      new Option('--fim-marks <kind>', "mark gaps in the model's own format, as its completions do")
        .choices(['model', 'none'])
        .default('none'),
    )
    .option('--fim-suffix-mark <token>', 'special token before the suffix')
    .option('--fim-prefix-mark <token>', 'special token before the prefix');
}

function addRunOptions(command: Command): void {
  const cores = os.availableParallelism();
  command
    .option('--checkpoint-steps <steps>', 'steps between checkpoints', (value) => integer(value, 1, MANY), 50)
    .option('--max-file <bytes>', 'larger files are skipped', (value) => integer(value, 1, MANY), 1_000_000)
    .option('--seed <number>', 'random seed', (value) => integer(value, 0, 2 ** 31 - 1), 1)
    .addOption(new Option('--device <name>', 'where to compute').choices(['cpu', 'cuda', 'vulkan']).default('cpu'))
    .option('--threads <number>', `compute threads, 1 to ${cores}`, (value) => integer(value, 1, cores), 0);
}
