/**
 * What is kept of the gain that a long context brings, on the continuation of real code:
 *
 *   npx tsx test/bench/continuation.ts [MODEL] [--places 200] [--cache CHOICE …] [--max-seconds N] [--write]
 *
 * Before each place stand 3,000 tokens of other files of its package and 200 of its own; the next 48 are scored one by one, in nats per token. Results are kept in
 * the developer cache, so that several runs of `--max-seconds` make a whole one. The texts come from `npx tsx .scripts/bundledModel/corpus.ts`.
 */
import { createHash } from 'node:crypto';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { logProbability } from '../../sidecar/engine/measuring.ts';
import { parseCacheChoice, type CacheChoice } from '../../sidecar/models/chorus/cacheChoice.ts';
import { ChorusSequence } from '../../sidecar/models/chorus/chorusSequence.ts';
import type { Network } from '../../sidecar/models/chorus/network.ts';
import { SequenceCache } from '../../sidecar/models/chorus/sequenceCache.ts';
import { Tiers } from '../../sidecar/models/chorus/tiers.ts';
import { inParallel, openForBench } from './bundled/benchNetworks.ts';
import { Deadline, KeptResults } from './bundled/kept.ts';
import { namedModel } from './bundled/models.ts';
import { common, meanOf } from './bundled/paired.ts';
import { BEFORE_TOKENS, CONTEXT_TOKENS, NEXT_TOKENS, readPlaces, type Place } from './continuation/places.ts';
import { writeReport } from './report.ts';

/** A sixteenth and a thirty-second of the context besides the file's own tokens; chosen again and again, and once. */
const CHOICES = ['tiered:192,window=208', 'tiered:96,window=208', 'tiered:192,window=208,refresh=4', 'snapkv:384,window=192', 'streaming:384,window=192'];
const ROWS = 3_328;
const CHUNK_TOKENS = 128;

interface PlaceResult {
  readonly id: string;
  /** Mean over the next tokens. */
  readonly nats: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { places: { type: 'string', default: '200' }, cache: { type: 'string', multiple: true, default: CHOICES }, 'max-seconds': { type: 'string' }, write: { type: 'boolean', default: false } },
});
const model = await namedModel(positionals[0] ?? (await fetchModel()));
const deadline = new Deadline(values['max-seconds'] === undefined ? undefined : Number(values['max-seconds']));
const tasks = ['none', 'full', ...values.cache];
const kept = new Map(await Promise.all(tasks.map(async (task) => [task, await KeptResults.open<PlaceResult>(model.digest, `continuation-${createHash('sha1').update(task).digest('hex').slice(0, 10)}`)] as const)));
const results = (task: string): KeptResults<PlaceResult> => kept.get(task) as KeptResults<PlaceResult>;

await using opened = await openForBench(model.file, { capacityTokens: 256 });
const places = await readPlaces(opened.text, Number(values.places));
await inParallel(places.filter(({ id }) => tasks.some((task) => !results(task).get(id))), opened.networks, async (place, { network, model: { hyperparameters } }) => {
  if (deadline.isOver) return;
  const add = async (task: string, measure: () => Promise<number>): Promise<void> => {
    if (!results(task).get(place.id)) await results(task).add({ id: place.id, nats: await measure() });
  };
  using cache = new SequenceCache(network.options.placement, hyperparameters, ROWS, { queries: 8 });
  const whole = new ChorusSequence(network, cache, hyperparameters.vocabularySize);
  await add('none', () => natsAfter(whole, [], place));
  for (const task of tasks.slice(1)) {
    if (results(task).get(place.id)) continue;
    const choice = parseCacheChoice(task);
    await add(task, () => (choice.tier || task === 'full' ? attendingLess(network, cache, choice, place) : keepingLess(network, choice, place)));
  }
  network.forget(cache);
});

await report();

/** Everything is kept; the answer attends some of it. */
async function attendingLess(network: Network, cache: SequenceCache, { tier }: CacheChoice, place: Place): Promise<number> {
  using fast = tier && new Tiers(network, cache, tier);
  const sequence = new ChorusSequence(network, cache, network.options.hyperparameters.vocabularySize, undefined, fast);
  return await natsAfter(sequence, place.context, place);
}

/** Rows are chosen once, where the answer begins. */
async function keepingLess(network: Network, choice: CacheChoice, place: Place): Promise<number> {
  using cache = new SequenceCache(network.options.placement, network.options.hyperparameters, 1_024);
  const sequence = new ChorusSequence(network, cache, network.options.hyperparameters.vocabularySize, choice);
  const nats = await natsAfter(sequence, place.context, place);
  network.forget(cache);
  return nats;
}

async function natsAfter(sequence: ChorusSequence, context: readonly number[], { before, next }: Place): Promise<number> {
  const prompt = [...context, ...before];
  // The last token of the prompt is an answer's first evaluation.
  const given = prompt.slice(0, -1);
  await sequence.truncate(sequence.commonPrefixLength(given));
  using reading = sequence.readWhole(given);
  if (reading) while (!reading.isDone) await reading.step();
  else {
    for (let start = sequence.length; start < given.length; start += CHUNK_TOKENS) await sequence.forward(given.slice(start, start + CHUNK_TOKENS), { wanted: 'none', isAnswer: false });
  }
  let nats = 0;
  for (const [index, token] of next.entries()) {
    const logits = await sequence.forward([index === 0 ? (prompt.at(-1) as number) : (next[index - 1] as number)], { wanted: 'last', isAnswer: index > 0 });
    nats -= logProbability(logits, token) / next.length;
  }
  return nats;
}

async function report(): Promise<void> {
  const of = (task: string): ReadonlyMap<string, PlaceResult> => new Map(places.flatMap(({ id }) => { const result = results(task).get(id); return result ? [[id, result] as const] : []; }));
  const [none, full] = [of('none'), of('full')];
  const figures = tasks.map((task) => {
    const own = of(task);
    const ids = [...own.keys()].filter((id) => none.has(id) && full.has(id));
    const mean = (results_: ReadonlyMap<string, PlaceResult>): number => meanOf(ids.map((id) => (results_.get(id) as PlaceResult).nats)).mean;
    const difference = meanOf(common(own, full).map(([a, b]) => a.nats - b.nats));
    return { cache: task, places: ids.length, natsPerToken: mean(own), shareOfGain: (mean(none) - mean(own)) / (mean(none) - mean(full)), againstFull: difference };
  });
  const rows = figures.map(({ cache, places: count, natsPerToken, shareOfGain, againstFull }) => `| ${cache} | ${count} | ${natsPerToken.toFixed(4)} | ${(100 * shareOfGain).toFixed(1)} % | ${againstFull.mean.toFixed(4)} ± ${againstFull.standardError.toFixed(4)} |`);
  const body = `
${CONTEXT_TOKENS} tokens of other files of a held-out package, ${BEFORE_TOKENS} of the file, the next ${NEXT_TOKENS} scored: nats per token. *none*: no context; *full*: everything is
attended. The share of the gain is what of the difference between these two is kept.

| cache | places | nats per token | share of the gain | more than full |
|---|---:|---:|---:|---:|
${rows.join('\n')}
`;
  process.stdout.write(`${body}\n`);
  if (values.write) await writeReport({ name: 'continuation', title: 'What a long context brings, and what is kept of it', model: model.name, body, figures: { figures }, command: `npx tsx test/bench/continuation.ts --places ${values.places} --write` });
}
