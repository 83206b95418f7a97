/**
 * Whether one could tell when rows have to be chosen anew: what tokens lose that attend what another chose before them,
 * by how far their queries have gone from that one's:
 *
 *   npx tsx test/bench/drift.ts [MODEL] [--places 64] [--cache tiered:192,window=208,heads=100] [--refresh 8] [--write]
 *
 * Places are those of `continuation.ts`: 3,000 tokens of other files of a package and 200 of the file, and the next 48
 * tokens one by one, once with a choice for each token and once with one for each `--refresh`. One core. The texts come
 * from `npx tsx .scripts/bundledModel/corpus.ts`.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { logProbability } from '../../sidecar/models/decoding/logSumExp.ts';
import { parseCacheChoice } from '../../sidecar/models/chorus/cache/cacheChoice.ts';
import { sequenceOptions } from '../../sidecar/models/chorus/cache/cacheLayout.ts';
import { SequenceCache } from '../../sidecar/models/chorus/cache/sequenceCache.ts';
import { ChorusSequence } from '../../sidecar/models/chorus/chorusSequence.ts';
import { BATCH_TOKENS } from '../../sidecar/models/chorus/network/batchTokens.ts';
import type { Network } from '../../sidecar/models/chorus/network/network.ts';
import { Tiers } from '../../sidecar/models/chorus/tiers/tiers.ts';
import { openForBench } from './bundled/benchNetworks.ts';
import { namedModel } from './bundled/models.ts';
import { meanOf, type Paired } from './bundled/paired.ts';
import { BEFORE_TOKENS, CONTEXT_TOKENS, NEXT_TOKENS, readPackageContexts, type Place } from './continuation/places.ts';
import { lastQuery, similarity } from './drift/queries.ts';
import { writeReport } from './report.ts';
import { signed } from './signed.ts';

/** Equal parts of the tokens, by how alike their queries and those that chose are. */
const PARTS = 4;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    places: { type: 'string', default: '64' },
    cache: { type: 'string', default: 'tiered:192,window=208,heads=100' },
    refresh: { type: 'string', default: '8' },
    write: { type: 'boolean', default: false },
  },
});

/** A token that attended what one before it chose. */
interface Stale {
  /** Tokens since the choice. */
  readonly age: number;
  /** Of its queries and those that chose, the mean cosine of all heads. */
  readonly similarity: number;
  /** More than with a choice of its own. */
  readonly nats: number;
}

/** One way to choose, over a cache that another may read too. */
interface Chooser extends Disposable {
  readonly sequence: ChorusSequence;
}

const model = await namedModel(positionals[0] ?? (await fetchModel()));
const refresh = Number(values.refresh);
await using opened = await openForBench(model.file, { capacityTokens: 256, networks: 1 });
const network = (opened.networks[0] as (typeof opened.networks)[number]).network;
const contexts = await readPackageContexts(opened.text, Number(values.places));
const stale: Stale[] = [];
let fresh = 0;
for (const [index, { tokens, places }] of contexts.entries()) {
  const choice = parseCacheChoice(values.cache);
  using cache = new SequenceCache(
    network.options.placement,
    network.options.hyperparameters,
    CONTEXT_TOKENS + BEFORE_TOKENS + NEXT_TOKENS,
    sequenceOptions(choice.tier),
  );
  using always = chooser(network, cache, values.cache);
  using sometimes = chooser(network, cache, `${values.cache},refresh=${refresh}`);
  for (const place of places) {
    const [own, old] = [
      await answered(cache, always.sequence, tokens, place),
      await answered(cache, sometimes.sequence, tokens, place),
    ];
    fresh += own.length;
    for (const [at, { nats, query }] of old.entries()) {
      const age = at % refresh;
      if (age > 0)
        stale.push({
          age,
          similarity: similarity(
            query,
            (old[at - age] as { readonly query: readonly Float32Array[] }).query,
            network.options.hyperparameters.headSize,
          ),
          nats: nats - (own[at] as { readonly nats: number }).nats,
        });
    }
  }
  process.stderr.write(`${index + 1} of ${contexts.length} contexts\n`);
}
await report();

function chooser(on: Network, cache: SequenceCache, written: string): Chooser {
  const { tier } = parseCacheChoice(written);
  if (!tier) throw new Error(`--cache takes a choice that is made again and again; got "${written}".`);
  const tiers = new Tiers(on, cache, tier);
  return {
    sequence: new ChorusSequence(on, cache, on.options.hyperparameters.vocabularySize, undefined, tiers),
    [Symbol.dispose]: () => tiers[Symbol.dispose](),
  };
}

/** What each of the next tokens but the first costs, and the queries that saw it coming. */
async function answered(
  cache: SequenceCache,
  sequence: ChorusSequence,
  context: readonly number[],
  { before, next }: Place,
): Promise<readonly { readonly nats: number; readonly query: readonly Float32Array[] }[]> {
  const given = [...context, ...before];
  const kept = await sequence.truncate(Math.min(sequence.commonPrefixLength(given), given.length - 1));
  for (let start = kept; start < given.length; start += BATCH_TOKENS)
    await sequence.forward(given.slice(start, start + BATCH_TOKENS), { wanted: 'none', isAnswer: false });
  const results: { nats: number; query: readonly Float32Array[] }[] = [];
  for (const [index, token] of next.slice(0, -1).entries()) {
    const logits = await sequence.forward([token], { wanted: 'last', isAnswer: true });
    results.push({
      nats: -logProbability(logits, next[index + 1] as number),
      query: cache.lastQueries.map((tensor) => lastQuery(network.options.placement.device, tensor, cache.length)),
    });
  }
  return results;
}

async function report(): Promise<void> {
  const sorted = [...stale].sort((a, b) => b.similarity - a.similarity);
  const parts = Array.from({ length: PARTS }, (_, part) =>
    sorted.slice(Math.floor((part * sorted.length) / PARTS), Math.floor(((part + 1) * sorted.length) / PARTS)),
  );
  const line = (name: string, tokens: readonly Stale[]): string =>
    `| ${name} | ${tokens.length} | ${meanOf(tokens.map((token) => token.similarity)).mean.toFixed(3)} | ${natsOf(meanOf(tokens.map(({ nats }) => nats)))} |`;
  const table = (head: string, lines: readonly string[]): string =>
    [`| ${head} | tokens | similarity | nats more |`, '|---|---:|---:|---:|', ...lines].join('\n');
  const bySimilarity = table(
    'queries',
    parts.map((part, index) =>
      line(
        `${index + 1}. quarter, ${index === 0 ? 'the most alike' : index === PARTS - 1 ? 'the least alike' : ''}`.replace(
          /, $/,
          '',
        ),
        part,
      ),
    ),
  );
  const byAge = table(
    'tokens since the choice',
    Array.from({ length: refresh - 1 }, (_, index) =>
      line(
        String(index + 1),
        stale.filter(({ age }) => age === index + 1),
      ),
    ),
  );
  const body = `
Could one tell from the queries when rows have to be chosen anew? ${CONTEXT_TOKENS} tokens of other files of a held-out package and ${BEFORE_TOKENS} of the file, then the next ${NEXT_TOKENS} one by one, twice: with
\`${values.cache}\` each token chose what it attended, and with \`refresh=${refresh}\` one in ${refresh} (with what it had computed before). *Similarity* is the mean cosine, over layers and heads, of a token's queries and those that chose; *nats more*
is what a token that did not choose cost more than in the other run, with 1.96 standard errors. ${contexts.flatMap(({ places }) => places).length} places, ${fresh} tokens, of which ${stale.length} did not choose.

${bySimilarity}

${byAge}
`;
  process.stdout.write(`${body}\n`);
  if (values.write)
    await writeReport({
      name: 'drift',
      title: 'When a choice of rows is old',
      model: model.name,
      body,
      figures: {
        parts: parts.map((tokens) => ({ tokens: tokens.length, ...meanOf(tokens.map(({ nats }) => nats)) })),
        stale: stale.length,
      },
      command: `npx tsx test/bench/drift.ts --places ${values.places} --write`,
    });
}

function natsOf({ mean, standardError }: Paired): string {
  return `${signed(mean, 4)} ± ${(1.96 * standardError).toFixed(4)}`;
}
