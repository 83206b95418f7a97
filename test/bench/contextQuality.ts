/**
 * What is still known of a context when a share of it is kept or attended: recall, needle, and the perplexity of code that goes on:
 *
 *   npx tsx test/bench/contextQuality.ts [MODEL] [--tasks recall,needle,continuation] [--selectors tiered,snapkv] [--divisors 8,16,32]
 *     [--cache CHOICE …] [--contexts 24] [--needles 8] [--places 60] [--max-seconds N] [--keep] [--write]
 *
 * Everything is paired with the full cache. With `--cache` other choices are measured, and of the comparison's only those that `--selectors` names. Results are kept in the developer cache, and with `--keep` or `--write` in docs/results,
 * so that several runs of `--max-seconds`, also on several machines, make a whole one; the report is of all that were asked for. The texts come from `npx tsx .scripts/bundledModel/corpus.ts`.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { parseCacheChoice } from '../../sidecar/models/chorus/cacheChoice.ts';
import { tokenizerOf } from '../../sidecar/retrieval/context.ts';
import { askNeedle } from '../../sidecar/retrieval/needle.ts';
import { askInPlace, askRecall } from '../../sidecar/retrieval/recall.ts';
import { inParallel, openForBench } from './bundled/benchNetworks.ts';
import { namedModel } from './bundled/models.ts';
import { openChosen, openTogether, readsEverything, type ChosenSequence } from './contextQuality/chosenSequence.ts';
import { choicesForContinuation, choicesForQuestions, DIVISORS, SELECTORS, type Choice } from './contextQuality/choices.ts';
import { continuationFigure, groupFigures, shareFigure, type Outcome } from './contextQuality/figures.ts';
import { keepByCacheInRepository, openKeptByCache } from './contextQuality/keptByCache.ts';
import { qualityReport, type QualityFigures } from './contextQuality/report.ts';
import { ANSWER_TOKENS, LENGTH_TOKENS, needleTask, readNeedles, readRecallContexts, recallTask } from './contextQuality/tasks.ts';
import { meanOf } from './bundled/paired.ts';
import { continuationTask, measurePlaces } from './continuation/nats.ts';
import { readPackageContexts } from './continuation/places.ts';
import { Deadline } from './kept/deadline.ts';
import type { KeptResults } from './kept/keptResults.ts';
import { writeReport } from './report.ts';

const TASKS = ['recall', 'needle', 'continuation'] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tasks: { type: 'string', default: TASKS.join(',') },
    selectors: { type: 'string' },
    cache: { type: 'string', multiple: true, default: [] },
    divisors: { type: 'string', default: DIVISORS.join(',') },
    contexts: { type: 'string', default: '24' },
    needles: { type: 'string', default: '8' },
    places: { type: 'string', default: '60' },
    'max-seconds': { type: 'string' },
    keep: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const tasks = listed('tasks', values.tasks, TASKS);
const selectors = listed('selectors', values.selectors ?? (values.cache.length > 0 ? '' : SELECTORS.join(',')), SELECTORS);
const divisors = listed('divisors', values.divisors, DIVISORS.map(String));
const isWanted = ({ selector, divisor }: Choice): boolean => selectors.includes(selector) && divisors.includes(String(divisor));
const model = await namedModel(positionals[0] ?? (await fetchModel()));
const deadline = new Deadline(values['max-seconds'] === undefined ? undefined : Number(values['max-seconds']));
await using opened = await openForBench(model.file, { capacityTokens: 256 });
const tokenizer = tokenizerOf(opened.engine, opened.loaded);
const questionCaches = [...choicesForQuestions(LENGTH_TOKENS).filter(isWanted).map(({ cache }) => cache), ...values.cache];
const continuationCaches = [...choicesForContinuation().filter(isWanted).map(({ cache }) => cache), ...values.cache];
for (const cache of values.cache) parseCacheChoice(cache);

const figures: QualityFigures = { recall: await recall(), needle: await needle(), continuation: await continuation() };
const body = qualityReport(figures);
process.stdout.write(`${body}\n`);
if (values.write) await writeReport({ name: 'context-quality', title: 'What is still known of a context', model: model.name, body, figures, command: 'npx tsx test/bench/contextQuality.ts --write' });

async function recall(): Promise<QualityFigures['recall']> {
  if (!tasks.includes('recall')) return { groups: [], choices: [] };
  const contexts = await readRecallContexts(Number(values.contexts), tokenizer);
  const kept = await openKeptByCache(model.digest, recallTask, ['full', ...questionCaches]);
  await measure('recall', contexts, kept, {
    inPlace: ({ task }) => task.context,
    ask: async ({ id, task }, { engine }, isInPlace) => {
      const { answers, contextReads } = await (isInPlace ? askInPlace : askRecall)(engine, task);
      if (contextReads > (isInPlace ? 1 : 2)) throw new Error(`${id} was read ${contextReads.toFixed(1)} times, so that the questions may have been known.`);
      return { id, isRight: answers.map(({ isRight }) => isRight) };
    },
  });
  const outcomesOf = (cache: string): readonly Outcome[] => contexts.flatMap(({ id, domain }) => (kept.get(cache)?.get(id)?.isRight ?? []).map((isRight, question) => ({ id: `${id} ${question}`, group: domain, isRight })));
  if (values.keep || values.write) await keepByCacheInRepository(model.digest, recallTask, ['full', ...questionCaches]);
  return shares(outcomesOf);
}

async function needle(): Promise<QualityFigures['needle']> {
  if (!tasks.includes('needle')) return { groups: [], choices: [] };
  const needles = await readNeedles(Number(values.needles), tokenizer);
  const kept = await openKeptByCache(model.digest, needleTask, ['full', ...questionCaches]);
  await measure('needle', needles, kept, {
    // The last token of a prompt is an answer's first evaluation.
    inPlace: ({ task }) => task.prompt.slice(0, -1),
    ask: async ({ id, task }, { engine }) => ({ id, isRight: [(await askNeedle(engine, task)).isFound] }),
  });
  const outcomesOf = (cache: string): readonly Outcome[] => needles.flatMap(({ id }) => (kept.get(cache)?.get(id)?.isRight ?? []).map((isRight) => ({ id, group: 'prose', isRight })));
  if (values.keep || values.write) await keepByCacheInRepository(model.digest, needleTask, ['full', ...questionCaches]);
  return shares(outcomesOf);
}

async function continuation(): Promise<QualityFigures['continuation']> {
  if (!tasks.includes('continuation')) return { places: 0, perplexity: undefined, choices: [] };
  const contexts = await readPackageContexts(opened.text, Number(values.places));
  const places = contexts.flatMap(({ places: ofContext }) => ofContext);
  const caches = ['none', 'full', ...continuationCaches];
  const kept = await openKeptByCache(model.digest, continuationTask, caches);
  await measurePlaces(opened, { contexts, kept, deadline });
  if (values.keep || values.write) await keepByCacheInRepository(model.digest, continuationTask, caches);
  const natsOf = (cache: string): ReadonlyMap<string, number> => new Map(places.flatMap(({ id }) => { const result = kept.get(cache)?.get(id); return result ? [[id, result.nats] as const] : []; }));
  const [none, full] = [natsOf('none'), natsOf('full')];
  const both = [...none.keys()].filter((id) => full.has(id));
  const perplexity = (nats: ReadonlyMap<string, number>): number => Math.exp(meanOf(both.map((id) => nats.get(id) as number)).mean);
  return {
    places: both.length,
    perplexity: both.length > 0 ? { none: perplexity(none), full: perplexity(full) } : undefined,
    choices: continuationCaches.map((cache) => continuationFigure(cache, natsOf(cache), { none, full })).filter((figure) => figure !== undefined),
  };
}

interface Measuring<Thing, Result> {
  /** What is read before the question. */
  readonly inPlace: (thing: Thing) => readonly number[];
  readonly ask: (thing: Thing, chosen: ChosenSequence, isInPlace: boolean) => Promise<Result>;
}

/** Measures what is not kept yet, thing by thing with all caches, so that whatever is there is paired. Caches that read everything read it once between them. */
async function measure<Thing extends { readonly id: string }, Result extends { readonly id: string }>(
  name: string,
  things: readonly Thing[],
  kept: ReadonlyMap<string, KeptResults<Result>>,
  { inPlace, ask }: Measuring<Thing, Result>,
): Promise<void> {
  const contextTokens = LENGTH_TOKENS + ANSWER_TOKENS;
  let done = 0;
  await inParallel(things, opened.networks, async (thing, { network }) => {
    const missing = [...kept].filter(([, results]) => !results.get(thing.id));
    const together = missing.filter(([cache]) => readsEverything(cache));
    if (together.length > 0 && !deadline.isOver) {
      using sequences = openTogether(network, opened.text, { caches: together.map(([cache]) => cache), contextTokens });
      await sequences.read(inPlace(thing));
      for (const [cache, results] of together) await results.add(await ask(thing, sequences.byCache.get(cache) as ChosenSequence, true));
    }
    for (const [cache, results] of missing) {
      if (deadline.isOver) return;
      if (readsEverything(cache)) continue;
      using chosen = openChosen(network, opened.text, { cache, contextTokens });
      await results.add(await ask(thing, chosen, false));
    }
    process.stderr.write(`${name}: ${++done} of ${things.length}\n`);
  });
}

function shares(outcomesOf: (cache: string) => readonly Outcome[]): QualityFigures['recall'] {
  const full = outcomesOf('full');
  return { groups: groupFigures(full), choices: questionCaches.map((cache) => shareFigure(cache, outcomesOf(cache), full)).filter((figure) => figure !== undefined) };
}

/** Throws for a word that is not one of `words`. */
function listed(option: string, value: string, words: readonly string[]): readonly string[] {
  const given = value === '' ? [] : value.split(',');
  const unknown = given.find((word) => !words.includes(word));
  if (unknown !== undefined) throw new Error(`--${option} takes some of ${words.join(', ')}; got "${unknown}".`);
  return given;
}
