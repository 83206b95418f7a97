import { Option, type Command } from 'commander';
import os from 'node:os';
import path from 'node:path';
import { SELECT, type SelectParams, type SelectResult } from '../../workshop/protocol.ts';
import { defaultModelPath } from '../../shelf/defaultModel.ts';
import { UsageError } from '../exitCodes.ts';
import { readText, readTokens } from '../inputFiles.ts';
import { integer, withJson } from '../options.ts';
import { formatTable, printJson } from '../output.ts';
import { writeForeignText } from '../terminal.ts';
import { workInWorkshop } from '../withEngine.ts';

interface SelectOptions {
  readonly json: boolean;
  readonly file?: string;
  readonly tokens?: string;
  readonly cache: string;
  readonly model?: string;
  readonly device: SelectParams['device'];
  readonly threads: number;
}

/** The number of parts of a context whose rows are counted together. */
const PARTS = 10;

/** `chorus select`: the rows of a context that each layer and KV head keeps. */
export function addSelect(program: Command): void {
  const cores = os.availableParallelism();
  const command = program
    .command('select')
    .description('list the rows of a context that each layer and KV head keeps')
    .option('--file <file>', 'UTF-8 text; a beginning-of-text token is added if the model uses one')
    .addOption(new Option('--tokens <file>', 'JSON array of token numbers instead of a text').conflicts('file'))
    .requiredOption(
      '--cache <choice>',
      'selector, rows to keep, and options: snapkv:512,window=64,kernel=7,pool=avg; budget=adaptive lets the heads of a layer compete',
    )
    .option('--model <file>', 'GGUF file to use (default: the bundled model)')
    .addOption(
      new Option('--device <name>', 'where to compute').choices(['cpu', 'cuda', 'vulkan', 'metal']).default('cpu'),
    )
    .option('--threads <number>', `compute threads, 1 to ${cores}`, (value) => integer(value, 1, cores), 0);
  withJson(command).action(select);
}

async function select({ json, file, tokens, cache, model, device, threads }: SelectOptions): Promise<void> {
  if (file === undefined && tokens === undefined)
    throw new UsageError('Name a text with --file, or token numbers with --tokens.');
  const context = file === undefined ? { tokens: await readTokens(tokens as string) } : { text: await readText(file) };
  const modelPath = model === undefined ? await defaultModelPath() : path.resolve(model);
  const result = await workInWorkshop(SELECT, {
    modelPath,
    context,
    cache,
    device,
    threads,
  } satisfies SelectParams);
  if (json) printJson(result);
  else writeForeignText(process.stdout, `${describe(result).join('\n')}\n`);
}

/** Returns lines that tell how many rows the heads of each layer keep, and from which parts. */
function describe({ tokens, layers }: SelectResult): readonly string[] {
  const edges = Array.from({ length: PARTS + 1 }, (_, part) => Math.round((part * tokens) / PARTS));
  const parts = Array.from({ length: PARTS }, (_, part) => [edges[part] as number, edges[part + 1] as number] as const);
  const cells = layers.map(({ heads }, layer) => {
    const counts = heads.map(({ length }) => length);
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    const rows = heads.flat();
    const shares = parts.map(
      ([from, to]) => rows.filter((row) => row >= from && row < to).length / heads.length / (to - from),
    );
    return [
      String(layer),
      least === most ? String(most) : `${least}–${most}`,
      ...shares.map((share) => (Number.isNaN(share) ? '' : `${Math.round(100 * share)} %`)),
    ];
  });
  const header = ['layer', 'rows', ...parts.map(([from, to]) => (from === to ? '' : `${from}–${to - 1}`))];
  return [
    `${tokens} tokens; for each layer, the rows that a KV head keeps, and the share that it keeps of each part of the context`,
    '',
    ...formatTable([header, ...cells]),
  ];
}
