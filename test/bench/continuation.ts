/**
 * Measures how much of a long context's gain remains with a cache that keeps a part of it, on the continuation of real
 * code:
 *
 *   npx tsx test/bench/continuation.ts [MODEL] [--places 200] [--cache CHOICE …] [--max-seconds N] [--write]
 *
 * Before each place are 3,000 tokens of other files of its package, the same for eight places, and 200 of its own file.
 * The next 48 tokens are scored one by one, in nats per token. Results are kept in the developer cache, so that several
 * runs with `--max-seconds` add up to a whole run. The texts come from `npx tsx .scripts/bundledModel/corpus.ts`.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { parseCacheChoice } from '../../sidecar/models/chorus/cache/cacheChoice.ts';
import { openForBench } from './bundled/benchNetworks.ts';
import { namedModel } from './bundled/models.ts';
import { common, meanOf } from './bundled/paired.ts';
import { continuationTask, measurePlaces, type PlaceResult } from './continuation/nats.ts';
import { BEFORE_TOKENS, CONTEXT_TOKENS, NEXT_TOKENS, readPackageContexts } from './continuation/places.ts';
import { openKeptByCache } from './contextQuality/keptByCache.ts';
import { Deadline } from './kept/deadline.ts';
import type { KeptResults } from './kept/keptResults.ts';
import { writeReport } from './report.ts';

/**
 * The choices keep a sixteenth and a thirty-second of the context, plus the file's own tokens. Tiers choose repeatedly,
 * other selectors once.
 */
const CHOICES = [
  'tiered:192,window=208',
  'tiered:96,window=208',
  'tiered:192,window=208,refresh=4',
  'snapkv:384,window=192',
  'streaming:384,window=192',
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    places: { type: 'string', default: '200' },
    cache: { type: 'string', multiple: true, default: CHOICES },
    'max-seconds': { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const model = await namedModel(positionals[0] ?? (await fetchModel()));
const deadline = new Deadline(values['max-seconds'] === undefined ? undefined : Number(values['max-seconds']));
const tasks = ['none', 'full', ...values.cache];
for (const cache of values.cache) parseCacheChoice(cache);
const kept = await openKeptByCache(model.digest, continuationTask, tasks);
const results = (task: string): KeptResults<PlaceResult> => kept.get(task) as KeptResults<PlaceResult>;

await using opened = await openForBench(model, { capacityTokens: 256 });
const contexts = await readPackageContexts(opened.text, Number(values.places));
const places = contexts.flatMap(({ places: ofContext }) => ofContext);
await measurePlaces(opened, { contexts, kept, deadline });

await report();

async function report(): Promise<void> {
  const of = (task: string): ReadonlyMap<string, PlaceResult> =>
    new Map(
      places.flatMap(({ id }) => {
        const result = results(task).get(id);
        return result ? [[id, result] as const] : [];
      }),
    );
  const [none, full] = [of('none'), of('full')];
  const figures = tasks.map((task) => {
    const own = of(task);
    const ids = [...own.keys()].filter((id) => none.has(id) && full.has(id));
    const mean = (results_: ReadonlyMap<string, PlaceResult>): number =>
      meanOf(ids.map((id) => (results_.get(id) as PlaceResult).nats)).mean;
    const difference = meanOf(common(own, full).map(([a, b]) => a.nats - b.nats));
    return {
      cache: task,
      places: ids.length,
      natsPerToken: mean(own),
      shareOfGain: (mean(none) - mean(own)) / (mean(none) - mean(full)),
      againstFull: difference,
    };
  });
  const rows = figures.map(
    ({ cache, places: count, natsPerToken, shareOfGain, againstFull }) =>
      `| ${cache} | ${count} | ${natsPerToken.toFixed(4)} | ${(100 * shareOfGain).toFixed(1)} % | ${againstFull.mean.toFixed(4)} ± ${againstFull.standardError.toFixed(4)} |`,
  );
  const body = `
${CONTEXT_TOKENS} tokens of other files of a held-out package, ${BEFORE_TOKENS} of the file, the next ${NEXT_TOKENS} scored, in nats per token. *none*: no context; *full*: everything is
attended. The share of the gain is the kept share of the difference between these two.

| cache | places | nats per token | share of the gain | more than full |
|---|---:|---:|---:|---:|
${rows.join('\n')}
`;
  process.stdout.write(`${body}\n`);
  if (values.write)
    await writeReport({
      name: 'continuation',
      title: 'The gain of a long context, and its kept share',
      model: model.name,
      body,
      figures: { figures },
      command: `npx tsx test/bench/continuation.ts --places ${values.places} --write`,
    });
}
