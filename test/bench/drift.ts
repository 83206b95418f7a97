/**
 * Tests whether the queries tell when rows have to be chosen again. It relates the loss of tokens that attend the
 * choice of an earlier token to the distance of their queries from that token's:
 *
 *   npx tsx test/bench/drift.ts [MODEL] [--places 64] [--cache tiered:192,window=208,heads=100] [--refresh 8]
 *     [--write]
 *
 * Places are those of `continuation.ts`: 3,000 tokens of other files of a package and 200 of the file. The next 48
 * tokens come one by one, once with a choice for each token and once with a choice for every `--refresh` tokens. Uses a
 * single core. The texts come from `npx tsx .scripts/bundledModel/corpus.ts`.
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
import { TieredCache } from '../../sidecar/models/chorus/cache/tieredCache.ts';
import { openForBench } from './bundled/benchNetworks.ts';
import { namedModel } from './bundled/models.ts';
import { meanOf, type Paired } from './bundled/paired.ts';
import { BEFORE_TOKENS, CONTEXT_TOKENS, NEXT_TOKENS, readPackageContexts, type Place } from './continuation/places.ts';
import { lastQuery, similarity } from './drift/queries.ts';
import { writeReport } from './report.ts';
import { signed } from './signed.ts';

/** The number of equal parts of the tokens, sorted by the similarity of their queries to those of the choice. */
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

/** A token that attended the choice of an earlier token. */
interface Stale {
  /** The tokens since the choice. */
  readonly age: number;
  /** The mean cosine over all heads between its queries and those of the choice. */
  readonly similarity: number;
  /** The nats more than with its own choice. */
  readonly nats: number;
}

/** A sequence with its own choices, over a cache that another sequence may also read. */
interface Chooser extends Disposable {
  readonly sequence: ChorusSequence;
}

const model = await namedModel(positionals[0] ?? (await fetchModel()));
const refresh = Number(values.refresh);
await using opened = await openForBench(model, { capacityTokens: 256, networks: 1 });
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
  if (!tier) throw new Error(`--cache accepts a choice that is made repeatedly; got "${written}".`);
  const tiers = new TieredCache(on, cache, tier);
  return {
    sequence: new ChorusSequence(tiers, on.options.hyperparameters.vocabularySize),
    [Symbol.dispose]: () => tiers[Symbol.dispose](),
  };
}

/** Returns the nats of each of the next tokens except the first, and the queries before it. */
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
    [`| ${head} | tokens | similarity | additional nats |`, '|---|---:|---:|---:|', ...lines].join('\n');
  const bySimilarity = table(
    'queries',
    parts.map((part, index) =>
      line(
        `${index + 1}. quarter, ${index === 0 ? 'the most similar' : index === PARTS - 1 ? 'the least similar' : ''}`.replace(
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
Do the queries tell when rows have to be chosen again? Each place has ${CONTEXT_TOKENS} tokens of other files of a held-out package, and ${BEFORE_TOKENS} tokens of the file. The next ${NEXT_TOKENS} tokens follow one by one, twice. With
\`${values.cache}\` each token chose the rows that it attended. With \`refresh=${refresh}\` every ${refresh}th token chose, with its earlier computations. *Similarity* is the mean cosine, over layers and heads, between a token's queries and those of the choice. *Additional nats*
are the cost of a token that did not choose compared with the other run, with 1.96 standard errors. ${contexts.flatMap(({ places }) => places).length} places, ${fresh} tokens, of which ${stale.length} did not choose.

${bySimilarity}

${byAge}
`;
  process.stdout.write(`${body}\n`);
  if (values.write)
    await writeReport({
      name: 'drift',
      title: 'When a choice of rows is outdated',
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
