import process from 'node:process';
import { parseCacheChoice } from '../../../sidecar/models/chorus/cache/cacheChoice.ts';
import type { Network } from '../../../sidecar/models/chorus/network/network.ts';
import { tokenizerOf, type ContextTokenizer } from '../../../sidecar/workshop/retrieval/context.ts';
import { askInPlace, askRecall, type RecallTask } from '../../../sidecar/workshop/retrieval/recall.ts';
import { inParallel, openForBench, type BenchNetworks } from '../bundled/benchNetworks.ts';
import type { BenchModel } from '../bundled/models.ts';
import { meanOf } from '../bundled/paired.ts';
import { continuationTask, measurePlaces } from '../continuation/nats.ts';
import { readPackageContexts } from '../continuation/places.ts';
import type { Deadline } from '../kept/deadline.ts';
import type { KeptResults } from '../kept/keptResults.ts';
import type { KeptTask } from '../kept/keptTask.ts';
import { isForAnything, openChosen, readsEverything, readTogether, type ChosenSequence } from './chosenSequence.ts';
import { choicesForContinuation, choicesForQuestions, type Choice } from './choices.ts';
import { continuationFigure, groupFigures, shareFigure, type Outcome } from './figures.ts';
import { keepByCacheInRepository, openKeptByCache } from './keptByCache.ts';
import type { QualityFigures } from './figures.ts';
import {
  ANSWER_TOKENS,
  LENGTH_TOKENS,
  needleTask,
  readNeedles,
  readRecallContexts,
  recallTask,
  type Asked,
  type AskedContext,
} from './tasks.ts';

export const TASKS = ['recall', 'needle', 'continuation'] as const;

export interface QualityOptions {
  readonly tasks: readonly (typeof TASKS)[number][];
  /** Selects choices of the comparison. */
  readonly isWanted: (choice: Choice) => boolean;
  /** Further choices, in the form of `--cache`. */
  readonly caches: readonly string[];
  /** The numbers of contexts with ten questions each, of contexts with five needles each, and of places in code. */
  readonly counts: { readonly contexts: number; readonly needles: number; readonly places: number };
  readonly networks?: number;
  readonly deadline: Deadline;
  /** Whether outcomes are written to the repository. */
  readonly keeps: boolean;
}

/**
 * Measures the missing results of a model until the deadline, and returns the figures of all results. Throws
 * `TroubleError` for an unknown cache.
 */
export async function measureQuality(model: BenchModel, options: QualityOptions): Promise<QualityFigures> {
  for (const cache of options.caches) parseCacheChoice(cache);
  await using opened = await openForBench(model, { capacityTokens: 256, networks: options.networks });
  const measuring = new ModelQuality(model, opened, options);
  return {
    recall: await measuring.recall(),
    needle: await measuring.needle(),
    continuation: await measuring.continuation(),
  };
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
    return this.#questions(recallTask, await readRecallContexts(this.options.counts.contexts, this.#tokenizer), {
      isKnown: false,
    });
  }

  async needle(): Promise<QualityFigures['needle']> {
    if (!this.options.tasks.includes('needle')) return { groups: [], choices: [] };
    return this.#questions(needleTask, await readNeedles(this.options.counts.needles, this.#tokenizer), {
      isKnown: true,
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
    const natsOf = (cache: string): ReadonlyMap<string, number> =>
      new Map(
        places.flatMap(({ id }) => {
          const result = kept.get(cache)?.get(id);
          return result ? [[id, result.nats] as const] : [];
        }),
      );
    const [none, full] = [natsOf('none'), natsOf('full')];
    const both = [...none.keys()].filter((id) => full.has(id));
    const perplexity = (nats: ReadonlyMap<string, number>): number =>
      Math.exp(meanOf(both.map((id) => nats.get(id) as number)).mean);
    return {
      places: both.length,
      perplexity: both.length > 0 ? { none: perplexity(none), full: perplexity(full) } : undefined,
      choices: continuationCaches
        .map((cache) => continuationFigure(cache, natsOf(cache), { none, full }))
        .filter((figure) => figure !== undefined),
    };
  }

  /**
   * Asks a task's questions and compares the answers with each cache with those of the full cache. The questions are
   * known when rows are chosen, or not.
   */
  async #questions(
    task: KeptTask<Asked>,
    contexts: readonly AskedContext[],
    { isKnown }: { readonly isKnown: boolean },
  ): Promise<QualityFigures['recall']> {
    const caches = ['full', ...this.#questionCaches];
    const kept = await openKeptByCache(this.model.digest, task, caches);
    let done = 0;
    await inParallel(contexts, this.opened.networks, async (context, { network }) => {
      await this.#ask(
        network,
        context,
        [...kept].filter(([, results]) => !results.get(context.id)),
        isKnown,
      );
      process.stderr.write(`${task.name}: ${++done} of ${contexts.length}\n`);
    });
    if (this.options.keeps) await keepByCacheInRepository(this.model.digest, task, caches);
    const outcomesOf = (cache: string): readonly Outcome[] =>
      contexts.flatMap(({ id, domain }) =>
        (kept.get(cache)?.get(id)?.isRight ?? []).map((isRight, question) => ({
          id: `${id} ${question}`,
          group: domain,
          isRight,
        })),
      );
    const full = outcomesOf('full');
    return {
      groups: groupFigures(full),
      choices: this.#questionCaches
        .map((cache) => shareFigure(cache, outcomesOf(cache), full))
        .filter((figure) => figure !== undefined),
    };
  }

  /**
   * Asks the missing questions of one context with all caches until the deadline, so that all results are paired.
   * Caches that read everything read it once together.
   */
  async #ask(
    network: Network,
    { id, task }: AskedContext,
    missing: readonly (readonly [string, KeptResults<Asked>])[],
    isKnown: boolean,
  ): Promise<void> {
    const { opened, options } = this;
    const { context, questions } = task;
    const contextTokens = LENGTH_TOKENS + ANSWER_TOKENS;
    const together = missing.filter(([cache]) => readsEverything(cache));
    const knowsQuestion = (cache: string): boolean => isKnown && !isForAnything(cache);
    const ofPrompts = together.filter(([cache]) => knowsQuestion(cache));
    if (ofPrompts.length > 0 && !options.deadline.isOver) {
      // The last token of a prompt is the first evaluation of an answer.
      const prompts = questions.map(({ tokens }) => [...context, ...tokens.slice(0, -1)]);
      using sequences = await readTogether(network, opened.text, {
        caches: ofPrompts.map(([cache]) => cache),
        prompts,
        contextTokens,
      });
      for (const [cache, results] of ofPrompts) {
        const isRight: boolean[] = [];
        for (const [index, question] of questions.entries())
          isRight.push(
            ...(await rightOf(sequences.byPrompt[index]?.get(cache) as ChosenSequence, {
              context,
              questions: [question],
            })),
          );
        await results.add({ id, isRight });
      }
    }
    const ofContext = together.filter(([cache]) => !knowsQuestion(cache));
    if (ofContext.length > 0 && !options.deadline.isOver) {
      using sequences = await readTogether(network, opened.text, {
        caches: ofContext.map(([cache]) => cache),
        prompts: [context],
        contextTokens,
      });
      for (const [cache, results] of ofContext)
        await results.add({ id, isRight: await rightOf(sequences.byPrompt[0]?.get(cache) as ChosenSequence, task) });
    }
    for (const [cache, results] of missing) {
      if (options.deadline.isOver) return;
      if (readsEverything(cache)) continue;
      using chosen = await openChosen(network, opened.text, { cache, contextTokens });
      const { answers, contextReads } = await askRecall(chosen.engine, task);
      if (contextReads > 2)
        throw new Error(`${id} was read ${contextReads.toFixed(1)} times, so that the questions may have been known.`);
      await results.add({ id, isRight: answers.map(({ isRight }) => isRight) });
    }
  }

  #cachesOf(choices: readonly Choice[]): readonly string[] {
    return [...choices.filter(this.options.isWanted).map(({ cache }) => cache), ...this.options.caches];
  }
}

/** Asks while the context is in place. Throws if it was read again. */
async function rightOf({ engine }: ChosenSequence, task: RecallTask): Promise<readonly boolean[]> {
  const { answers, contextReads } = await askInPlace(engine, task);
  if (contextReads > 0)
    throw new Error(
      `A context was read ${contextReads.toFixed(1)} times more, so that its questions may have been known.`,
    );
  return answers.map(({ isRight }) => isRight);
}
