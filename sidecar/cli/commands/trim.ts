import { InvalidArgumentError, type Command } from 'commander';
import path from 'node:path';
import { TRIM, type TrimParams, type TrimResult } from '../../workshop/protocol.ts';
import { filesOf } from '../../workshop/train/corpus.ts';
import { decimal, integer, withJson } from '../options.ts';
import { formatBytes, printJson } from '../output.ts';
import { writeForeignText } from '../terminal.ts';
import { workInWorkshop } from '../withEngine.ts';

interface TextsOption {
  readonly path: string;
  readonly importance: number;
}

interface TrimCommandOptions {
  readonly json: boolean;
  readonly tokens: number;
  readonly texts: readonly TextsOption[];
  readonly maxText: number;
  readonly out: string;
  readonly withoutFillIn?: boolean;
}

const MAX_IMPORTANCE = 1_000;

/** `chorus trim`: writes a model with fewer tokens. */
export function addTrim(program: Command): void {
  const command = program
    .command('trim')
    .description(
      'write a model with a smaller vocabulary: the tokens that given texts use; any other text takes more tokens',
    )
    .argument('<model>', 'GGUF file whose tokenizer is a byte-level BPE')
    .requiredOption('--tokens <number>', 'size of the new vocabulary; bytes and special tokens always stay', (value) =>
      integer(value, 1, 2 ** 24),
    )
    .requiredOption(
      '--texts <path[=importance]>',
      'file or folder of UTF-8 texts of one kind, such as one language; repeat it for each. Its importance says how much a longer text costs (1)',
      textsOption,
    )
    .option(
      '--max-text <characters>',
      'the most characters to count of each kind of texts, from a sample of its files',
      (value) => integer(value, 1_000, 2 ** 40),
      4_000_000,
    )
    .requiredOption('--out <file>', 'GGUF file to write')
    .option('--without-fill-in', 'accept a vocabulary without fill-in tokens');
  withJson(command).action(trim);
}

async function trim(model: string, options: TrimCommandOptions): Promise<void> {
  const texts = [];
  for (const { path: given, importance } of options.texts) {
    texts.push({
      name: path.basename(given),
      importance,
      files: (await filesOf([given])).map((file) => path.resolve(file)),
    });
  }
  const params: TrimParams = {
    modelPath: path.resolve(model),
    outputPath: path.resolve(options.out),
    size: options.tokens,
    texts,
    maxCharacters: options.maxText,
    withoutFillIn: options.withoutFillIn ?? false,
  };
  const result = await workInWorkshop(TRIM, params);
  if (options.json) printJson(result);
  else writeForeignText(process.stdout, `${describe(result).join('\n')}\n`);
}

function describe({
  outputPath,
  tokensBefore,
  tokensAfter,
  bytesBefore,
  bytesAfter,
  tied,
  groups,
}: TrimResult): readonly string[] {
  return [
    `${outputPath}: ${formatBytes(bytesBefore)} became ${formatBytes(bytesAfter)}, ${tokensBefore} tokens became ${tokensAfter}${tied ? ', one matrix is embedding and output' : ''}`,
    ...groups.map(
      ({ name, tokens, moreShare }) =>
        `  ${name.padEnd(20)} ${`${tokens}`.padStart(10)} tokens, ${(100 * moreShare).toFixed(2).padStart(6)} % more after it`,
    ),
  ];
}

function textsOption(value: string, before: readonly TextsOption[] = []): readonly TextsOption[] {
  const [, given = value, importance = '1'] = /^(.*)=([\d.]+)$/.exec(value) ?? [];
  if (given === '') throw new InvalidArgumentError('Expected PATH or PATH=IMPORTANCE, such as "texts/python=2".');
  return [...before, { path: given, importance: decimal(importance, 1e-6, MAX_IMPORTANCE) }];
}
