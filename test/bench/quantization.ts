/**
 * Measures the cost of rounding weights and activations in small models, by their training:
 *
 *   npx tsx test/bench/quantization.ts [--seeds 3] [--threads 2] [--max-seconds N] [--write]
 *
 * Results are kept in the developer cache, so that several runs with `--max-seconds` add up to a whole run. The texts
 * come from `npx tsx .scripts/bundledModel/corpus.ts`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { outliers } from '../../sidecar/workshop/outliers/outliers.ts';
import type { OutliersParams, OutliersResult } from '../../sidecar/workshop/protocol.ts';
import { Random } from '../../sidecar/workshop/train/random.ts';
import { arms, settings } from './quantization/arms.ts';
import { quantizationReport, type Measured } from './quantization/report.ts';
import { writeReport } from './report.ts';
import { readPieces } from './small/domains.ts';
import { OutOfTimeError, SmallModels, smallModelFlags, withSmallModels } from './small/smallModels.ts';

/** The length of the beginning of each text that is used, so that the sample has many packages. */
const PIECE_CHARACTERS = 1_000;
/** The sample's tokens for a model of usual size. */
const USUAL_TOKENS = 2_048;

const { values } = parseArgs({ options: smallModelFlags });

await withSmallModels(settings, values, async (options) => {
  const sample = await heldOutText();
  const tokens = Object.fromEntries(
    settings.domains.map((domain) => [
      domain,
      (1.1 * settings.steps * settings.sequenceTokens * settings.batchSequences) / settings.domains.length,
    ]),
  );
  const examine = async (
    file: string,
    changes: Partial<OutliersParams> & Pick<OutliersParams, 'modelPath'>,
  ): Promise<OutliersResult> => {
    const kept = await readFile(file, 'utf8').catch(() => undefined);
    if (kept !== undefined) return JSON.parse(kept) as OutliersResult;
    if (options.deadline.aborted) throw new OutOfTimeError(`${path.basename(file)} is to be measured.`);
    const result = await outliers({
      sample,
      maxTokens: settings.sample.tokens,
      contextTokens: settings.sample.context,
      device: 'cpu',
      threads: options.threads,
      ...changes,
    });
    await writeFile(file, JSON.stringify({ ...result, modelPath: path.basename(result.modelPath) }));
    return result;
  };

  const seeds: Measured[] = [];
  let folder = '';
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    const models = await SmallModels.open('quantization', seed, settings, options);
    folder = models.folder;
    const measured = new Map<string, OutliersResult>();
    for (const { name, changes } of arms) {
      await models.train(name, { data: 'all', steps: settings.steps, rate: settings.rate, tokens, changes });
      measured.set(
        name,
        await examine(models.file(`${name}.outliers.json`), { modelPath: models.file(`${name}.gguf`) }),
      );
    }
    seeds.push(measured);
  }
  const usual = await examine(path.join(path.dirname(folder), 'usual.outliers.json'), {
    modelPath: await fetchModel(),
    maxTokens: USUAL_TOKENS,
  });
  const report = quantizationReport(seeds, usual);
  process.stdout.write(`${report.body}\n`);
  if (values.write)
    await writeReport({ ...report, command: `npx tsx test/bench/quantization.ts --seeds ${values.seeds} --write` });
});

/** Returns beginnings of texts of all kinds in turn, from places spread over them. */
async function heldOutText(): Promise<string> {
  const kinds = await Promise.all(
    settings.domains.map(async (domain) => {
      const pieces = await readPieces(domain, 'held-out');
      return [...new Random(1).order(pieces.length)].map((index) =>
        (pieces[index] as string).slice(0, PIECE_CHARACTERS),
      );
    }),
  );
  // Here a token is a byte, and in a model of usual size about three bytes. The sample must suffice for both.
  const wanted = 6 * settings.sample.tokens;
  let text = '';
  for (let index = 0; text.length < wanted; index++) {
    const [piece] = [kinds[index % kinds.length]?.[Math.floor(index / kinds.length)]];
    if (piece === undefined)
      throw new Error(`There are ${text.length} characters of held-out text, expected ${wanted}.`);
    text += `${piece}\n`;
  }
  return text;
}
