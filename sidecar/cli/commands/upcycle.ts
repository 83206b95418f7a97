import { InvalidArgumentError, Option, type Command } from 'commander';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../common/parseJson.ts';
import { UPCYCLE, type ExpertPrompts, type UpcycleParams } from '../../workshop/protocol.ts';
import { UsageError } from '../exitCodes.ts';
import { decimal, integer, withJson } from '../options.ts';
import { formatBytes, printJson } from '../output.ts';
import { writeForeignText } from '../terminal.ts';
import { workInWorkshop } from '../withEngine.ts';
import { addLowRankOptions, assertKind, upcycleLowRank, type LowRankCommandOptions } from './upcycle/lowRank.ts';

interface UpcycleCommandOptions extends LowRankCommandOptions {
  readonly dense: boolean;
  readonly architecture: 'chorus' | 'same';
  readonly kv: 'expert' | 'shared';
  readonly attention: 'soft' | 'average' | number;
  readonly prompts?: string;
  readonly gateScale: number;
  readonly every: number;
}

const promptsSchema = z
  .array(
    z.object({ positive: z.array(z.string().min(1)).min(1), negative: z.array(z.string().min(1)).optional() }).strict(),
  )
  .min(1);

/** `chorus upcycle`: turns dense models of one shape, or low-rank adapters of one model, into experts of a mixture. */
export function addUpcycle(program: Command): void {
  const command = program
    .command('upcycle')
    .description(
      'turn dense models of one shape into a mixture of experts and attention, or adapters of one model into a mixture of low-rank experts',
    )
    .argument(
      '[models...]',
      'GGUF files: one per expert; a single one becomes a dense model of the architecture "chorus"; none with --low-rank',
    )
    .requiredOption('--out <file>', 'GGUF file to write')
    .addOption(
      new Option('--kv <kind>', 'keys and values: own ones for each expert, or shared averages')
        .choices(['expert', 'shared'])
        .default('expert'),
    )
    .option(
      '--experts-used <number>',
      'feed-forward experts that run for a token (default: 1); low-rank experts that count for it, the model alone among them (default: all)',
      (value) => integer(value, 1, 512),
    )
    .option(
      '--attention <experts>',
      'attention experts that count: "soft" (all, by their gates), a number, or "average" (one attention of averaged weights)',
      attentionExperts,
      'soft',
    )
    .addOption(
      new Option(
        '--gates <kind>',
        'routers: small random numbers (the default), or made from the hidden states of --prompts; with --low-rank also zeros (equal gates), or fitted to --texts (the default)',
      ).choices(['random', 'hidden', 'zero', 'closed-form']),
    )
    .option('--prompts <file>', 'JSON, one entry per model: [{"positive": ["…"], "negative": ["…"]}, …]')
    .option('--gate-scale <number>', 'length of the routers with --gates hidden', (value) => decimal(value, 0, 1000), 1)
    .addOption(
      new Option(
        '--gate-mode <mode>',
        'gates of the chosen experts if not all run: the softmax itself, divided by their sum, or times the number of experts',
      )
        .choices(['faithful', 'renormalised', 'scaled'])
        .default('renormalised'),
    )
    .option('--every <blocks>', 'one in this many blocks has experts', (value) => integer(value, 1, 512), 1)
    .option('--dense', 'write the average of the models, without experts', false)
    .addOption(
      new Option('--architecture <which>', 'architecture of an average: "chorus", or that of its models')
        .choices(['chorus', 'same'])
        .default('chorus'),
    )
    .option('--name <name>', "the result's name; its metadata names the source models")
    .option('--seed <number>', 'seed of random routers', (value) => integer(value, 0, 2 ** 31 - 1), 1);
  addLowRankOptions(command);
  withJson(command).action(upcycle);
}

async function upcycle(models: readonly string[], options: UpcycleCommandOptions, command: Command): Promise<void> {
  assertKind(command, models, options);
  return options.lowRank ? upcycleLowRank(options) : upcycleModels(models, options);
}

async function upcycleModels(models: readonly string[], options: UpcycleCommandOptions): Promise<void> {
  if (options.prompts !== undefined && options.gates !== 'hidden')
    throw new UsageError('--prompts needs --gates hidden. Add it, or leave --prompts out.');
  const params: UpcycleParams = {
    modelPaths: models.map((model) => path.resolve(model)),
    outputPath: path.resolve(options.out),
    dense: options.dense,
    keepsArchitecture: options.architecture === 'same',
    name: options.name,
    cache: options.kv,
    expertsUsed: options.expertsUsed ?? 1,
    gateMode: options.gateMode,
    attention: options.attention,
    interval: options.every,
    gates:
      options.gates === 'hidden'
        ? { kind: 'hidden', prompts: await readPrompts(options.prompts), scale: options.gateScale }
        : { kind: 'random', seed: options.seed },
  };
  const result = await workInWorkshop(UPCYCLE, params);
  if (options.json) return printJson(result);
  const what = result.experts > 1 ? `a mixture of ${result.experts} experts` : 'a dense model';
  writeForeignText(
    process.stdout,
    `${result.outputPath}: ${what}, ${(result.parameterCount / 1e6).toFixed(1)} M parameters, ${formatBytes(result.sizeBytes)}\n`,
  );
}

async function readPrompts(file: string | undefined): Promise<ExpertPrompts[]> {
  if (file === undefined) throw new UsageError('--gates hidden needs --prompts.');
  try {
    return promptsSchema.parse(parseJson(await readFile(file, 'utf8')));
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new UsageError(
      `${file} can't be read as prompts: ${what}. Expected [{"positive": ["…"], "negative": ["…"]}, …], one entry per model.`,
      { cause: error },
    );
  }
}

function attentionExperts(value: string): 'soft' | 'average' | number {
  if (value === 'soft' || value === 'average') return value;
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('Expected "soft", "average" or a number of experts.');
  return integer(value, 1, 512);
}
