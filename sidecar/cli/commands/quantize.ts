import { InvalidArgumentError, type Command } from 'commander';
import os from 'node:os';
import path from 'node:path';
import {
  QUANTIZE,
  type Calibration,
  type QuantizeParams,
  type QuantizeResult,
  type TypePattern,
} from '../../workshop/protocol.ts';
import { wantedTypeOf, wantedTypes } from '../../workshop/quantize/targetTypes.ts';
import { readText } from '../inputFiles.ts';
import { integer, regularExpression, withJson } from '../options.ts';
import { formatBytes, printJson } from '../output.ts';
import { writeForeignText } from '../terminal.ts';
import { workInWorkshop } from '../withEngine.ts';

interface QuantizeCommandOptions {
  readonly json: boolean;
  readonly type: string;
  readonly out: string;
  readonly tensor: readonly TypePattern[];
  readonly calibrate?: string;
  readonly tokens: number;
  readonly threads: number;
}

/** `chorus quantize`: writes a model in smaller types, or in floats again. */
export function addQuantize(program: Command): void {
  const cores = os.availableParallelism();
  const command = program
    .command('quantize')
    .description('write a model in another type: smaller and faster, a little less exact')
    .argument('<model>', 'GGUF file, best with float weights: quantising twice loses more')
    .requiredOption('--type <type>', `type of all matrices: ${wantedTypes.join(', ')}`, targetType)
    .requiredOption('--out <file>', 'GGUF file to write')
    .option(
      '--tensor <regex=type>',
      'another type for matrices whose names match the regular expression; may be repeated, the first match counts',
      typePattern,
      [],
    )
    .option(
      '--calibrate <file>',
      'UTF-8 text like the texts that the model is for; rounding then keeps the weights that matter for it',
    )
    .option('--tokens <number>', 'the most tokens of that text to use', (value) => integer(value, 256, 2 ** 24), 16_384)
    .option('--threads <number>', `compute threads, 1 to ${cores}`, (value) => integer(value, 1, cores), 0);
  withJson(command).action(quantize);
}

async function quantize(model: string, options: QuantizeCommandOptions): Promise<void> {
  const params: QuantizeParams = {
    modelPath: path.resolve(model),
    outputPath: path.resolve(options.out),
    type: options.type,
    patterns: options.tensor,
    calibration: await calibrationOf(options),
  };
  const result = await workInWorkshop(QUANTIZE, params);
  if (options.json) printJson(result);
  else writeForeignText(process.stdout, `${describe(result).join('\n')}\n`);
}

async function calibrationOf({
  calibrate: file,
  tokens: maxTokens,
  threads,
}: QuantizeCommandOptions): Promise<Calibration | undefined> {
  return file === undefined ? undefined : { text: await readText(file, { tokens: maxTokens }), maxTokens, threads };
}

function describe({
  outputPath,
  bytesBefore,
  bytesAfter,
  types,
  fallbacks,
  requantised,
}: QuantizeResult): readonly string[] {
  const lines = [`${outputPath}: ${formatBytes(bytesBefore)} became ${formatBytes(bytesAfter)}`];
  for (const { type, tensors, parameters, bytes } of types) {
    lines.push(
      `  ${type.padEnd(6)} ${`${tensors}`.padStart(5)} tensors  ${(parameters / 1e6).toFixed(2).padStart(9)} M parameters  ${(formatBytes(bytes) ?? '').padStart(9)}`,
    );
  }
  for (const [change, tensors] of changes(fallbacks))
    lines.push(`${tensors.length} ${change}: ${tensors.slice(0, 3).join(', ')}${tensors.length > 3 ? ', …' : ''}`);
  if (requantised > 0)
    lines.push(
      `${requantised} tensors were already quantised and lost precision again: a model with float weights gives a better result.`,
    );
  return lines;
}

/** Groups tensors by the change of their type. */
function changes(fallbacks: QuantizeResult['fallbacks']): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { tensor, columns, wanted, type } of fallbacks) {
    const change = `tensors became ${type} instead of ${wanted}, since rows of ${columns} values do not fill its blocks`;
    found.set(change, [...(found.get(change) ?? []), tensor]);
  }
  return found;
}

function targetType(value: string): string {
  const type = wantedTypeOf(value);
  if (!type) throw new InvalidArgumentError(`Expected one of ${wantedTypes.join(', ')}.`);
  return type;
}

function typePattern(value: string, before: readonly TypePattern[]): readonly TypePattern[] {
  const at = value.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected REGEX=TYPE, such as "ffn_down=Q6_K".');
  return [...before, { pattern: regularExpression(value.slice(0, at)), type: targetType(value.slice(at + 1)) }];
}
