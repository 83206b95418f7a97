import { InvalidArgumentError, Option, type Command } from 'commander';
import path from 'node:path';
import { MIXTURE_FORMS } from '../../../models/adapters/expertMixture.ts';
import {
  UPCYCLE_LOW_RANK,
  type ExpertTexts,
  type LowRankUpcycleParams,
  type LowRankUpcycleResult,
} from '../../../workshop/protocol.ts';
import { filesOf } from '../../../workshop/train/corpus.ts';
import { UsageError } from '../../exitCodes.ts';
import { decimal, integer } from '../../options.ts';
import { formatBytes, printJson } from '../../output.ts';
import { writeForeignText } from '../../terminal.ts';
import { workInWorkshop } from '../../withEngine.ts';

interface NamedPath {
  readonly name: string;
  readonly path: string;
}

/** Options of `chorus upcycle --low-rank`; the first ones are those of `chorus upcycle` too. */
export interface LowRankCommandOptions {
  readonly json: boolean;
  readonly out: string;
  readonly name?: string;
  readonly gates?: 'random' | 'hidden' | 'zero' | 'closed-form';
  readonly gateMode: LowRankUpcycleParams['gateMode'];
  readonly expertsUsed?: number;
  readonly seed: number;
  readonly lowRank: boolean;
  readonly base?: string;
  readonly expert?: readonly NamedPath[];
  readonly rank: number;
  readonly form: LowRankUpcycleParams['form'];
  readonly texts?: readonly NamedPath[];
  readonly temperature: number;
  readonly ridge: number;
  readonly tokens: number;
  readonly textTokens: number;
}

/** The name of expert 0, the model alone. */
const BASE = 'base';
/** Options that only one of both kinds of mixtures has. */
const LOW_RANK_ONLY = ['base', 'expert', 'rank', 'form', 'texts', 'temperature', 'ridge', 'tokens', 'textTokens'];
const MODELS_ONLY = ['kv', 'attention', 'prompts', 'gateScale', 'every', 'dense', 'architecture'];

/** Adds the options of mixtures of low-rank experts to `chorus upcycle`. */
export function addLowRankOptions(command: Command): void {
  command
    .option('--low-rank', 'make a mixture of low-rank experts of one model: an adapter file for --adapter', false)
    .option('--base <file>', 'with --low-rank: GGUF file of the model that the experts change')
    .option(
      '--expert <name=file>',
      'with --low-rank: name and adapter (GGUF) of an expert, or a model that was trained further from the base; repeat it for each',
      (value, before?: readonly NamedPath[]) => namedPath(value, before),
    )
    .option('--rank <number>', 'rank of experts that are made from models', (value) => integer(value, 1, 1_024), 16)
    .addOption(
      new Option(
        '--form <form>',
        'with --low-rank: experts change the projections of one attention, or each attends with its own queries',
      )
        .choices(MIXTURE_FORMS)
        .default('projections'),
    )
    .option(
      '--texts <name=path>',
      `file or folder of UTF-8 texts of an expert, or of the model alone ("${BASE}"); may be repeated`,
      (value, before?: readonly NamedPath[]) => namedPath(value, before),
    )
    .option(
      '--temperature <number>',
      'of the gates by --texts; lower is stricter',
      (value) => decimal(value, 1e-3, 1e3),
      0.1,
    )
    .option('--ridge <number>', 'weight decay of the fit to --texts', (value) => decimal(value, 1e-9, 1e9), 0.01)
    .option(
      '--tokens <number>',
      'the most tokens of the texts of an expert, from a sample of its files',
      (value) => integer(value, 1, 2 ** 24),
      8_192,
    )
    .option(
      '--text-tokens <number>',
      'the most tokens of a text: its beginning counts',
      (value) => integer(value, 1, 2 ** 16),
      1_024,
    );
}

/** Throws `UsageError` for options of the other kind of mixture, and if models are missing or too many. */
export function assertKind(
  command: Command,
  models: readonly string[],
  { lowRank, gates }: LowRankCommandOptions,
): void {
  const given = (lowRank ? MODELS_ONLY : LOW_RANK_ONLY).find((name) => command.getOptionValueSource(name) === 'cli');
  const flag = command.options.find((option) => option.attributeName() === given)?.long;
  if (flag !== undefined)
    throw new UsageError(
      lowRank
        ? `${flag} is for models, not for low-rank experts: leave it out.`
        : `${flag} needs --low-rank. Add it, or leave ${flag} out.`,
    );
  if (lowRank ? gates === 'hidden' : gates === 'zero' || gates === 'closed-form')
    throw new UsageError(
      `--gates ${gates} is ${lowRank ? 'for models. With --low-rank choose closed-form, zero or random' : 'for --low-rank. For models choose random or hidden'}.`,
    );
  if (lowRank && models.length > 0)
    throw new UsageError(
      `${models[0]} is no option: give the model with --base, and each adapter with --expert NAME=FILE.`,
    );
  if (!lowRank && models.length === 0) throw new UsageError("missing required argument 'models'");
}

/** Makes a mixture of low-rank experts. */
export async function upcycleLowRank(options: LowRankCommandOptions): Promise<void> {
  const { base, expert: experts = [], out, name, gateMode } = options;
  if (base === undefined) throw new UsageError('--low-rank needs the model: --base FILE.');
  if (experts.length === 0) throw new UsageError('--low-rank needs an expert or several: --expert NAME=ADAPTER.gguf.');
  assertNames(options, experts);
  const result = await workInWorkshop(UPCYCLE_LOW_RANK, {
    basePath: path.resolve(base),
    outputPath: path.resolve(out),
    ...(name === undefined ? {} : { name }),
    experts: experts.map((expert) => ({ name: expert.name, path: path.resolve(expert.path) })),
    rank: options.rank,
    expertsUsed: options.expertsUsed ?? 0,
    gateMode,
    form: options.form,
    gates: await gatesOf(options, experts),
  });
  if (options.json) printJson(result);
  else writeForeignText(process.stdout, `${describe(result).join('\n')}\n`);
}

function assertNames({ gates, texts = [] }: LowRankCommandOptions, experts: readonly NamedPath[]): void {
  const names = experts.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new UsageError(`Two experts have the name ${twice}. Give each a name of its own.`);
  if (names.includes(BASE)) throw new UsageError(`"${BASE}" is the model alone. Give the expert another name.`);
  const stray = texts.find(({ name }) => name !== BASE && !names.includes(name));
  if (stray)
    throw new UsageError(
      `--texts ${stray.name}=… belongs to no expert. Expected one of ${[BASE, ...names].join(', ')}.`,
    );
  if (texts.length > 0 && gates !== undefined && gates !== 'closed-form')
    throw new UsageError(`--gates ${gates} reads no texts. Leave --texts out, or choose --gates closed-form.`);
}

async function gatesOf(
  { gates = 'closed-form', texts = [], seed, temperature, ridge, tokens, textTokens }: LowRankCommandOptions,
  experts: readonly NamedPath[],
): Promise<LowRankUpcycleParams['gates']> {
  if (gates === 'zero') return { kind: 'zero' };
  if (gates === 'random') return { kind: 'random', seed };
  const all: ExpertTexts[] = [];
  for (const name of [BASE, ...experts.map((expert) => expert.name)]) {
    const files = await filesOf(texts.filter((text) => text.name === name).map((text) => text.path));
    all.push({ name, files: files.map((file) => path.resolve(file)) });
  }
  return { kind: 'closed-form', texts: all, maxTokens: tokens, maxTextTokens: textTokens, lambda: ridge, temperature };
}

function describe({ outputPath, experts, blocks, parameterCount, sizeBytes }: LowRankUpcycleResult): readonly string[] {
  const count = experts.length - 1;
  return [
    `${outputPath}: a mixture of ${count} low-rank ${count === 1 ? 'expert' : 'experts'} and the model alone, routers in ${blocks} blocks, ${(parameterCount / 1e6).toFixed(1)} M parameters, ${formatBytes(sizeBytes)}`,
    ...experts.map(
      ({ name, texts, tokens, change }) =>
        `  ${name.padEnd(20)} ${`${texts}`.padStart(6)} texts ${`${tokens}`.padStart(9)} tokens${change ? `, ${describeChange(change)}` : ''}`,
    ),
  ];
}

function describeChange({ keptShare, lostTensors }: NonNullable<LowRankUpcycleResult['experts'][0]['change']>): string {
  const lost = lostTensors.length === 0 ? '' : `, without the changes of ${lostTensors.length} other tensors`;
  return `${(100 * keptShare).toFixed(1)} % of the squared change of its matrices${lost}`;
}

function namedPath(value: string, before: readonly NamedPath[] = []): readonly NamedPath[] {
  const [, name, given] = /^([^=]+)=(.+)$/.exec(value) ?? [];
  if (name === undefined || given === undefined)
    throw new InvalidArgumentError('Expected NAME=PATH, such as "rust=rust.gguf".');
  return [...before, { name, path: given }];
}
