/**
 * Compares mixtures of experts and of attention (BAM) with alternatives, in small models trained from scratch:
 *
 *   npx tsx test/bench/bam.ts [--seeds 3] [--threads 2] [--max-seconds N] [--write]
 *
 * Results are kept in the developer cache, so that several runs with `--max-seconds` add up to a whole run. The texts
 * come from `npx tsx .scripts/bundledModel/corpus.ts`.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { settings } from './bam/arms.ts';
import { bamReport } from './bam/report.ts';
import { runSeed } from './bam/runSeed.ts';
import { writeReport } from './report.ts';
import { SmallModels, smallModelFlags, withSmallModels, type Outcome } from './small/smallModels.ts';

const { values } = parseArgs({ options: smallModelFlags });

await withSmallModels(settings, values, async (options) => {
  const seeds: ReadonlyMap<string, Outcome>[] = [];
  for (let seed = 1; seed <= Number(values.seeds); seed++)
    seeds.push(await runSeed(await SmallModels.open('bam', seed, settings, options)));
  const report = bamReport(seeds);
  process.stdout.write(`${report.body}\n`);
  if (values.write)
    await writeReport({ ...report, command: `npx tsx test/bench/bam.ts --seeds ${values.seeds} --write` });
});
