import { Option, type Command } from 'commander';
import os from 'node:os';
import path from 'node:path';
import { OUTLIERS, type OutliersParams, type OutliersResult } from '../../workshop/protocol.ts';
import { readText } from '../inputFiles.ts';
import { integer, withJson } from '../options.ts';
import { formatTable, printJson } from '../output.ts';
import { writeForeignText } from '../terminal.ts';
import { workInWorkshop } from '../withEngine.ts';

interface OutliersOptions {
  readonly json: boolean;
  readonly file: string;
  readonly tokens: number;
  readonly ctx: number;
  readonly device: OutliersParams['device'];
  readonly threads: number;
}

/** `chorus outliers`: the loss from rounding a model's weights and activations, and the layers that cause it. */
export function addOutliers(program: Command): void {
  const cores = os.availableParallelism();
  const command = program
    .command('outliers')
    .description('measure the loss of a model in 8 and 4 bits, and which layers cause it')
    .argument('<model>', 'GGUF file; its weights are taken as float32, 4 bytes each')
    .requiredOption('--file <file>', 'UTF-8 text to measure on')
    .option('--tokens <number>', 'the most tokens of the text to use', (value) => integer(value, 2, 2 ** 24), 2_048)
    .option('--ctx <tokens>', 'tokens of a chunk', (value) => integer(value, 8, 2 ** 20), 512)
    .addOption(
      new Option('--device <name>', 'where to compute').choices(['cpu', 'cuda', 'vulkan', 'metal']).default('cpu'),
    )
    .option('--threads <number>', `compute threads, 1 to ${cores}`, (value) => integer(value, 1, cores), 0);
  withJson(command).action(outliers);
}

async function outliers(model: string, options: OutliersOptions): Promise<void> {
  const params: OutliersParams = {
    modelPath: path.resolve(model),
    sample: await readText(options.file, { tokens: options.tokens }),
    maxTokens: options.tokens,
    contextTokens: options.ctx,
    device: options.device,
    threads: options.threads,
  };
  const result = await workInWorkshop(OUTLIERS, params);
  if (options.json) printJson(result);
  else writeForeignText(process.stdout, `${describe(result).join('\n')}\n`);
}

function describe(result: OutliersResult): readonly string[] {
  const lines = [
    `${result.tokens} tokens, ${result.bytes} bytes`,
    '',
    ...formatTable([['', 'bits per byte', 'change'], ...result.evaluations.map(evaluationCells)]),
  ];
  const header = [
    'block',
    'what enters',
    'kurtosis',
    'largest ÷ rms',
    'rms',
    'error of 8 bits',
    'spectral norm',
    'spread of gains',
  ];
  return [...lines, '', ...formatTable([header, ...result.inputs.map((input) => inputCells(result, input))])];
}

const evaluationCells = (
  { name, bitsPerByte, change }: OutliersResult['evaluations'][number],
  index: number,
): readonly string[] => [
  name,
  bitsPerByte.toFixed(4),
  index === 0 ? '' : `${change < 0 ? '−' : '+'}${Math.abs(100 * change).toFixed(3)} %`,
];

/**
 * Returns a row for the input of some matrices: the largest of their spectral norms, and the gains of the norm before
 * them.
 */
function inputCells(
  { norms, matrices: all }: OutliersResult,
  { matrices, kurtosis, largest, rms, relativeError }: OutliersResult['inputs'][number],
): readonly string[] {
  const [, block = '', name = ''] = /^blk\.(\d+)\.(\w+)\.weight$/.exec(matrices[0] ?? '') ?? [];
  const spectralNorm = Math.max(
    ...all.filter((matrix) => matrices.includes(matrix.name)).map((matrix) => matrix.spectralNorm),
  );
  const before = name === 'attn_q' ? ['attn_norm'] : /^ffn_(gate|up)/.test(name) ? ['ffn_norm', 'attn_norm'] : [];
  const gains = before
    .map((norm) => norms.find((candidate) => candidate.name === `blk.${block}.${norm}.weight`))
    .find((norm) => norm !== undefined);
  const names = matrices.map((matrix) => matrix.split('.')[2]).join(' ');
  return [
    block,
    names,
    kurtosis.toFixed(2),
    largest.toFixed(1),
    rms.toPrecision(3),
    `${(100 * relativeError).toFixed(2)} %`,
    spectralNorm.toPrecision(3),
    gains?.spread.toFixed(3) ?? '',
  ];
}
