/**
 * Compares low-rank training by rank, initialisation and decay, at equal tokens and at equal operations:
 *
 *   npx tsx test/bench/lowRank.ts [--seeds 3] [--threads 2] [--max-seconds N] [--anew] [--write]
 *
 * Results are kept in the developer cache, so that several runs with `--max-seconds` add up to a whole run. Results
 * with the same settings are taken from the page, except with `--anew`. The texts come from `npx tsx
 * .scripts/bundledModel/corpus.ts`.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { arms, rateGroup, rateGroups, settings, stepsOf, type Arm } from './low-rank/arms.ts';
import { lowRankReport } from './low-rank/report.ts';
import { writeReport } from './report.ts';
import { nothingPublished, published } from './small/published.ts';
import { SmallModels, smallModelFlags, withSmallModels, type Outcome } from './small/smallModels.ts';
import { mean } from './statistics.ts';

const { values } = parseArgs({ options: { ...smallModelFlags, anew: { type: 'boolean', default: false } } });
const known = values.anew ? nothingPublished : await published('low-rank', settings);
const mostSteps = Math.max(...arms.map(stepsOf));
const tokens = Object.fromEntries(
  settings.domains.map((domain) => [
    domain,
    (mostSteps * settings.sequenceTokens * settings.batchSequences) / settings.domains.length,
  ]),
);

async function outcome(
  models: SmallModels,
  name: string,
  { lowRank }: Arm,
  { steps, rate }: { steps: number; rate: number },
): Promise<Outcome> {
  await models.train(name, { data: 'all', steps, rate, tokens, changes: { lowRank } });
  return models.measure(name);
}

await withSmallModels(settings, values, async (options) => {
  const rates = new Map<string, number>();
  const sweep: Record<string, Record<string, number>> = {};
  const first = await SmallModels.open('low-rank', 1, settings, options);
  for (const group of rateGroups) {
    const losses = (sweep[group.name] = {} as Record<string, number>);
    for (const rate of settings.rates)
      losses[rate] =
        known.sweep[group.name]?.[rate] ??
        mean(
          Object.values(
            (await outcome(first, `sweep-${group.name}-${rate}`, group, { steps: settings.sweepSteps, rate })).losses,
          ),
        );
    rates.set(
      group.name,
      settings.rates.reduce((best, rate) => ((losses[rate] as number) < (losses[best] as number) ? rate : best)),
    );
  }
  const seeds: ReadonlyMap<string, Outcome>[] = [];
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    const models = await SmallModels.open('low-rank', seed, settings, options);
    const outcomes = new Map<string, Outcome>();
    for (const arm of arms)
      outcomes.set(
        arm.name,
        known.bySeed[seed - 1]?.[arm.name] ??
          (await outcome(models, arm.name, arm, { steps: stepsOf(arm), rate: rates.get(rateGroup(arm)) as number })),
      );
    seeds.push(outcomes);
  }
  const report = lowRankReport(seeds, rates, sweep);
  process.stdout.write(`${report.body}\n`);
  if (values.write)
    await writeReport({ ...report, command: `npx tsx test/bench/lowRank.ts --seeds ${values.seeds} --write` });
});
