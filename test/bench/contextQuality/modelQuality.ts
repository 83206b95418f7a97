import process from 'node:process';
import { parseCacheChoice } from '../../../sidecar/models/chorus/cache/cacheChoice.ts';
import { tokenizerOf, type ContextTokenizer } from '../../../sidecar/retrieval/context.ts';
import { askNeedle } from '../../../sidecar/retrieval/needle.ts';
import { askInPlace, askRecall } from '../../../sidecar/retrieval/recall.ts';
import { inParallel, openForBench, type BenchNetworks } from '../bundled/benchNetworks.ts';
import type { BenchModel } from '../bundled/models.ts';
import { meanOf } from '../bundled/paired.ts';
import { continuationTask, measurePlaces } from '../continuation/nats.ts';
import { readPackageContexts } from '../continuation/places.ts';
import type { Deadline } from '../kept/deadline.ts';
import type { KeptResults } from '../kept/keptResults.ts';
import type { KeptTask } from '../kept/keptTask.ts';
import { openChosen, openTogether, readsEverything, type ChosenSequence } from './chosenSequence.ts';
import { choicesForContinuation, choicesForQuestions, type Choice } from './choices.ts';
import { continuationFigure, groupFigures, shareFigure, type Outcome } from './figures.ts';
import { keepByCacheInRepository, openKeptByCache } from './keptByCache.ts';
import type { QualityFigures } from './report.ts';
import { ANSWER_TOKENS, LENGTH_TOKENS, NEEDLE_DOMAIN, needleTask, readNeedles, readRecallContexts, recallTask, type Asked } from './tasks.ts';

export const TASKS = ['recall', 'needle', 'continuation'] as const;

export interface QualityOptions {
  readonly tasks: readonly (typeof TASKS)[number][];
  /** Of the comparison. */
  readonly isWanted: (choice: Choice) => boolean;
  /** Other choices, as `--cache` takes them. */
  readonly caches: readonly string[];
  /** Contexts with ten questions each, needles for each depth, places in code. */
  readonly counts: { readonly contexts: number; readonly needles: number; readonly places: number };
  readonly networks?: number;
  readonly deadline: Deadline;
  /** Whether outcomes are written to the repository. */
  readonly keeps: boolean;
}

/** Asks a model what is not kept yet, until the deadline, and returns the figures of all that is. Throws `TroubleError` for a cache that there is not. */
export async function measureQuality(model: BenchModel, options: QualityOptions): Promise<QualityFigures> {
  for (const cache of options.caches) parseCacheChoice(cache);
  await using opened = await openForBench(model.file, { capacityTokens: 256, networks: options.networks });
  const measuring = new ModelQuality(model, opened, options);
  return { recall: await measuring.recall(), needle: await measuring.needle(), continuation: await measuring.continuation() };
}

interface Measuring<Thing, Result> {
  /** What is read before the question. */
  readonly inPlace: (thing: Thing) => readonly number[];
  readonly ask: (thing: Thing, chosen: ChosenSequence, isInPlace: boolean) => Promise<Result>;
}

class ModelQuality {
  readonly #tokenizer: ContextTokenizer;
  readonly #questionCaches: readonly string[];

  constructor(
    private readonly model: BenchModel,
    private readonly opened: BenchNetworks,
    private readonly options: QualityOptions,
  ) {
    this.#tokenizer = tokenizerOf(opened.engine, opened.loaded);
    this.#questionCaches = this.#cachesOf(choicesForQuestions(LENGTH_TOKENS));
  }

  async recall(): Promise<QualityFigures['recall']> {
    if (!this.options.tasks.includes('recall')) return { groups: [], choices: [] };
    const contexts = await readRecallContexts(this.options.counts.contexts, this.#tokenizer);
    return this.#questions(recallTask, contexts, {
      groupOf: ({ domain }) => domain,
      inPlace: ({ task }) => task.context,
      ask: async ({ id, task }, { engine }, isInPlace) => {
        const { answers, contextReads } = await (isInPlace ? askInPlace : askRecall)(engine, task);
        if (contextReads > (isInPlace ? 1 : 2)) throw new Error(`${id} was read ${contextReads.toFixed(1)} times, so that the questions may have been known.`);
        return { id, isRight: answers.map(({ isRight }) => isRight) };
      },
    });
  }

  async needle(): Promise<QualityFigures['needle']> {
    if (!this.options.tasks.includes('needle')) return { groups: [], choices: [] };
    const needles = await readNeedles(this.options.counts.needles, this.#tokenizer);
    return this.#questions(needleTask, needles, {
      groupOf: () => NEEDLE_DOMAIN,
      // The last token of a prompt is an answer's first evaluation.
      inPlace: ({ task }) => task.prompt.slice(0, -1),
      ask: async ({ id, task }, { engine }) => ({ id, isRight: [(await askNeedle(engine, task)).isFound] }),
    });
  }

  async continuation(): Promise<QualityFigures['continuation']> {
    const { model, opened, options } = this;
    const continuationCaches = this.#cachesOf(choicesForContinuation());
    if (!options.tasks.includes('continuation')) return { places: 0, perplexity: undefined, choices: [] };
    const contexts = await readPackageContexts(opened.text, options.counts.places);
    const places = contexts.flatMap(({ places: ofContext }) => ofContext);
    const caches = ['none', 'full', ...continuationCaches];
    const kept = await openKeptByCache(model.digest, continuationTask, caches);
    await measurePlaces(opened, { contexts, kept, deadline: options.deadline });
    if (options.keeps) await keepByCacheInRepository(model.digest, continuationTask, caches);
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

  /** Asks a task's questions, and compares what came of them with each cache with what came of the full one. */
  async #questions<Thing extends { readonly id: string }>(task: KeptTask<Asked>, things: readonly Thing[], asking: Measuring<Thing, Asked> & { readonly groupOf: (thing: Thing) => string }): Promise<QualityFigures['recall']> {
    const caches = ['full', ...this.#questionCaches];
    const kept = await openKeptByCache(this.model.digest, task, caches);
    await this.#measure(task.name, things, kept, asking);
    if (this.options.keeps) await keepByCacheInRepository(this.model.digest, task, caches);
    const outcomesOf = (cache: string): readonly Outcome[] =>
      things.flatMap((thing) => (kept.get(cache)?.get(thing.id)?.isRight ?? []).map((isRight, question) => ({ id: `${thing.id} ${question}`, group: asking.groupOf(thing), isRight })));
    const full = outcomesOf('full');
    return { groups: groupFigures(full), choices: this.#questionCaches.map((cache) => shareFigure(cache, outcomesOf(cache), full)).filter((figure) => figure !== undefined) };
  }

  /** Measures what is not kept yet, thing by thing with all caches, so that whatever is there is paired. Caches that read everything read it once between them. */
  async #measure<Thing extends { readonly id: string }, Result extends { readonly id: string }>(
    name: string,
    things: readonly Thing[],
    kept: ReadonlyMap<string, KeptResults<Result>>,
    { inPlace, ask }: Measuring<Thing, Result>,
  ): Promise<void> {
    const { opened, options } = this;
    const contextTokens = LENGTH_TOKENS + ANSWER_TOKENS;
    let done = 0;
    await inParallel(things, opened.networks, async (thing, { network }) => {
      const missing = [...kept].filter(([, results]) => !results.get(thing.id));
      const together = missing.filter(([cache]) => readsEverything(cache));
      if (together.length > 0 && !options.deadline.isOver) {
        using sequences = openTogether(network, opened.text, { caches: together.map(([cache]) => cache), contextTokens });
        await sequences.read(inPlace(thing));
        for (const [cache, results] of together) await results.add(await ask(thing, sequences.byCache.get(cache) as ChosenSequence, true));
      }
      for (const [cache, results] of missing) {
        if (options.deadline.isOver) return;
        if (readsEverything(cache)) continue;
        using chosen = openChosen(network, opened.text, { cache, contextTokens });
        await results.add(await ask(thing, chosen, false));
      }
      process.stderr.write(`${name}: ${++done} of ${things.length}\n`);
    });
  }

  #cachesOf(choices: readonly Choice[]): readonly string[] {
    return [...choices.filter(this.options.isWanted).map(({ cache }) => cache), ...this.options.caches];
  }
}
