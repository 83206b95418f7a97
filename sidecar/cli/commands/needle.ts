import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { TroubleError } from '../../common/troubleError.ts';
import { tokenizerOf } from '../../workshop/retrieval/context.ts';
import { generateProse } from '../../workshop/retrieval/generatedTexts.ts';
import { heatMap } from '../../workshop/retrieval/heatMap.ts';
import { askNeedle, makeNeedleTask, type NeedleAnswer } from '../../workshop/retrieval/needle.ts';
import { wilsonInterval } from '../../workshop/retrieval/proportions.ts';
import { integer, integers, withModelOptions, type ModelOptions } from '../options.ts';
import { formatShare, formatTable, printJson } from '../output.ts';
import { assertWritable } from '../outputFiles.ts';
import { retrievalTexts } from '../retrievalTexts.ts';
import { writeForeignText } from '../terminal.ts';
import { withEngine } from '../withEngine.ts';

interface NeedleCommandOptions extends ModelOptions {
  readonly lengths: readonly number[];
  readonly depths: readonly number[];
  readonly needles: number;
  readonly text?: string;
  readonly seed: number;
  readonly svg?: string;
}

interface Cell {
  readonly length: number;
  /** In per cent of the text. */
  readonly depth: number;
  readonly share: number;
  readonly answers: readonly NeedleAnswer[];
}

/** Room for an answer. */
const ANSWER_TOKENS = 64;

/** `chorus needle`: whether a model finds a fact in a text, by the text's length and the fact's depth. */
export function addNeedle(program: Command): void {
  withModelOptions(program.command('needle').description('hide a fact in texts and ask for it at their ends'))
    .option(
      '--lengths <list>',
      'tokens of the texts, separated by commas',
      (value) => integers(value, 64, 2 ** 20),
      [512, 1_024, 2_048, 4_096],
    )
    .option(
      '--depths <list>',
      'positions of the fact in per cent of the text, separated by commas',
      (value) => integers(value, 0, 100),
      [0, 25, 50, 75, 100],
    )
    .option('--needles <number>', 'number of texts for each length and depth', (value) => integer(value, 1, 1_000), 3)
    .option('--text <folder>', 'texts to hide the fact in (default: generated)')
    .option('--seed <number>', 'random seed of texts and facts', (value) => integer(value, 0, 2 ** 31 - 1), 1)
    .option('--svg <file>', 'draw a heat map')
    .action(needle);
}

async function needle(options: NeedleCommandOptions): Promise<void> {
  const { lengths, depths, needles, seed, svg } = options;
  if (svg !== undefined) await assertWritable(svg);
  const source = await retrievalTexts(options.text, generateProse);
  const needed = Math.max(...lengths) + ANSWER_TOKENS;
  const result = await withEngine(
    { ...options, contextSize: options.contextSize ?? Math.max(128, needed) },
    async (engine, model, signal, bar) => {
      if (model.contextSizeTokens < needed)
        throw new TroubleError(
          'context-overflow',
          `Texts of ${Math.max(...lengths)} tokens and an answer do not fit into the model's context of ${model.contextSizeTokens}; choose smaller --lengths.`,
        );
      const tokenizer = tokenizerOf(engine, model);
      const cells: Cell[] = [];
      let answered = 0;
      for (const length of lengths) {
        const answers = new Map<number, NeedleAnswer[]>(depths.map((depth) => [depth, []]));
        // Texts of one round differ only in the depth of their facts, so the text before the fact is evaluated once.
        for (let index = 0; index < needles; index++) {
          for (const depth of depths) {
            const task = await makeNeedleTask({ source, length, depth, seed: seed + index }, tokenizer);
            answers.get(depth)?.push(await askNeedle(engine, task, signal));
            bar.update('Asking', ++answered / (lengths.length * depths.length * needles));
          }
        }
        for (const [depth, given] of answers)
          cells.push({
            length,
            depth,
            share: given.filter(({ isFound }) => isFound).length / given.length,
            answers: given,
          });
      }
      const all = cells.flatMap(({ answers }) => answers);
      const found = all.filter(({ isFound }) => isFound).length;
      return {
        model: model.name,
        engine: model.engine,
        device: model.device,
        cache: options.cache ?? 'full',
        seed,
        needles,
        asked: all.length,
        found,
        share: found / all.length,
        interval: wilsonInterval(found, all.length),
        cells,
      };
    },
  );
  if (svg !== undefined) await writeFile(svg, heatMap(mapOf(result, options)));
  if (options.json) return printJson(result);
  writeForeignText(process.stdout, `${describe(result, options).join('\n')}\n`);
}

function mapOf(
  {
    model,
    cache,
    cells,
    needles,
    share,
  }: {
    readonly model: string;
    readonly cache: string;
    readonly cells: readonly Cell[];
    readonly needles: number;
    readonly share: number;
  },
  { lengths, depths }: NeedleCommandOptions,
): Parameters<typeof heatMap>[0] {
  return {
    title: `${model}, cache ${cache}: ${formatShare(share)} found, ${needles} needles a cell`,
    columns: { name: 'tokens', labels: lengths.map(String) },
    rows: { name: 'depth', labels: depths.map((depth) => `${depth} %`) },
    values: depths.map((depth) => lengths.map((length) => shareAt(cells, length, depth))),
  };
}

function describe(
  {
    cells,
    found,
    asked,
    interval: [low, high],
    cache,
    engine,
    device,
    share,
  }: {
    readonly cells: readonly Cell[];
    readonly found: number;
    readonly asked: number;
    readonly interval: readonly [number, number];
    readonly cache: string;
    readonly engine: string;
    readonly device: string;
    readonly share: number;
  },
  { lengths, depths }: NeedleCommandOptions,
): readonly string[] {
  const table = depths.map((depth) => [
    `${depth} %`,
    ...lengths.map((length) => formatShare(shareAt(cells, length, depth))),
  ]);
  return [
    ...formatTable([['depth', ...lengths.map((length) => `${length}`)], ...table]),
    '',
    `${found} of ${asked} found, ${formatShare(share)} (95 %: ${formatShare(low)} to ${formatShare(high)}); cache ${cache} (${engine}, ${device})`,
  ];
}

function shareAt(cells: readonly Cell[], length: number, depth: number): number {
  return cells.find((cell) => cell.length === length && cell.depth === depth)?.share ?? 0;
}
