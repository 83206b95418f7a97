import type { Backend } from '../../../sidecar/models/backend.ts';
import type { Engine } from '../../../sidecar/engine/engine.ts';
import { Scheduler } from '../../../sidecar/engine/scheduler.ts';
import { parseCacheChoice, type CacheChoice } from '../../../sidecar/models/chorus/cache/cacheChoice.ts';
import { openCache } from '../../../sidecar/models/chorus/cache/openCache.ts';
import { sequenceOptions } from '../../../sidecar/models/chorus/cache/cacheLayout.ts';
import { ChorusSequence } from '../../../sidecar/models/chorus/chorusSequence.ts';
import { BATCH_TOKENS } from '../../../sidecar/models/chorus/network/batchTokens.ts';
import type { Network } from '../../../sidecar/models/chorus/network/network.ts';
import { readTogether as readPrompts } from '../../../sidecar/models/chorus/selection/readTogether.ts';
import { SequenceCache } from '../../../sidecar/models/chorus/cache/sequenceCache.ts';
import { TieredCache } from '../../../sidecar/models/chorus/cache/tieredCache.ts';
import type { HeadRuns } from '../../../sidecar/models/chorus/tiers/headRuns.ts';
import { ChoosingHeads } from '../../../sidecar/models/chorus/tiers/choosingHeads.ts';
import { lastAttendingAll, type TierOptions } from '../../../sidecar/models/chorus/tiers/tierOptions.ts';
import type { ModelText } from '../../../sidecar/models/modelText.ts';
import type { TokenId } from '../../../sidecar/protocol/engine.ts';
import { continuationOf } from '../../../sidecar/workshop/retrieval/continuation.ts';

/**
 * The rows for a question and its answer after a context with kept rows, plus the rows that a sequence needs free to
 * continue.
 */
const ROOM_ROWS = 320;
/** The cost that a token of depth adds to a token's cost, for a model of 135M parameters, until it is measured. */
const ATTENTION_COST_SLOPE = 1e-4;

/** An empty sequence of a bench's network. `--cache` chooses the rows of its context that are kept or attended. */
export interface ChosenSequence extends Disposable {
  readonly sequence: ChorusSequence;
  /** The cache of the sequence. */
  readonly cache: ReturnType<typeof openCache>;
  /** Evaluates requests as the engine process does: through the scheduler, with the sequence's own way of reading. */
  readonly engine: Required<Pick<Engine, 'generate' | 'setTexts'>>;
}

const knownRuns = new WeakMap<Network, Map<string, Promise<HeadRuns | undefined>>>();

/** Sequences with different caches, each of which holds its choice of a prompt. */
export interface ChosenSequences extends Disposable {
  /** By prompt, and by choice. */
  readonly byPrompt: readonly ReadonlyMap<string, ChosenSequence>[];
}

/**
 * Returns whether the choice reads a prompt as the full cache does, whatever it keeps afterwards. Such sequences can
 * read a prompt together.
 */
export const readsEverything = (cache: string): boolean => parseCacheChoice(cache).tier === undefined;

/**
 * Returns whether the choice suits any continuation, as KVzip's, which lets the model repeat the context. It is made
 * once, from the context alone.
 */
export const isForAnything = (cache: string): boolean => parseCacheChoice(cache).selector.observation?.of === 'replay';

/**
 * Opens a sequence. `contextTokens` is all that the sequence will hold. Rejects with a `TroubleError` for an unknown
 * cache.
 */
export async function openChosen(
  network: Network,
  text: ModelText,
  { cache, contextTokens }: { readonly cache: string; readonly contextTokens: number },
): Promise<ChosenSequence> {
  const choice = parseCacheChoice(cache);
  return openWith(network, text, {
    choice,
    runs: choice.tier && (await runsOf(network, text, choice.tier, contextTokens)),
    contextTokens,
  });
}

/** Returns the heads that choose for every token, as the engine finds them. Measured once per network. */
async function runsOf(
  network: Network,
  text: ModelText,
  tier: TierOptions,
  contextTokens: number,
): Promise<HeadRuns | undefined> {
  const ofNetwork = knownRuns.get(network) ?? new Map<string, Promise<HeadRuns | undefined>>();
  knownRuns.set(network, ofNetwork);
  const key = `${tier.refreshedHeads?.percent} ${contextTokens > lastAttendingAll(tier)} ${contextTokens}`;
  const { hyperparameters } = network.options;
  const known =
    ofNetwork.get(key) ??
    ChoosingHeads.of(tier, { hyperparameters, text, contextSizeTokens: contextTokens, modelKey: '' }).then((heads) =>
      heads?.runs(network),
    );
  ofNetwork.set(key, known);
  return known;
}

/**
 * Opens sequences whose choices read everything, and reads the prompts. Their common beginning is read once.
 * `contextTokens` as in `openChosen`.
 */
export async function readTogether(
  network: Network,
  text: ModelText,
  {
    caches,
    prompts,
    contextTokens,
  }: {
    readonly caches: readonly string[];
    readonly prompts: readonly (readonly TokenId[])[];
    readonly contextTokens: number;
  },
): Promise<ChosenSequences> {
  // Selectors that differ only in the number of rows observe queries once.
  const selectors = new Map<string, CacheChoice['selector']>();
  const shared = (cache: string): CacheChoice => {
    const choice = parseCacheChoice(cache);
    const kind = cache.replace(/:\d+/, '');
    const selector = selectors.get(kind) ?? choice.selector;
    selectors.set(kind, selector);
    return { ...choice, selector };
  };
  const byPrompt = prompts.map(
    () =>
      new Map(
        caches.map((cache) => [cache, openWith(network, text, { choice: shared(cache), contextTokens })] as const),
      ),
  );
  const close = (): void => byPrompt.forEach((byCache) => byCache.forEach((chosen) => chosen[Symbol.dispose]()));
  try {
    // A scheduler empties a sequence for a client that it does not know yet.
    for (const [index, byCache] of byPrompt.entries())
      for (const { engine } of byCache.values())
        await continuationOf(engine, prompts[index]?.slice(0, 1) ?? [], { maxTokens: 0 });
    using reading = readPrompts(
      network,
      byPrompt.map((byCache, index) => ({
        tokens: prompts[index] as readonly TokenId[],
        targets: [...byCache.values()].map(({ cache }) => {
          if (cache instanceof TieredCache) throw new Error('A sequence with tiers reads its prompts by itself.');
          return cache;
        }),
      })),
    );
    while (!reading.isDone) await reading.step();
  } catch (error) {
    close();
    throw error;
  }
  return { byPrompt, [Symbol.dispose]: close };
}

function openWith(
  network: Network,
  text: ModelText,
  {
    choice,
    runs,
    contextTokens,
  }: { readonly choice: CacheChoice; readonly runs?: HeadRuns; readonly contextTokens: number },
): ChosenSequence {
  const { hyperparameters, placement } = network.options;
  const rows = new SequenceCache(
    placement,
    hyperparameters,
    Math.min(contextTokens, choice.capacity + ROOM_ROWS),
    sequenceOptions(choice.tier),
  );
  const cache = openCache(network, rows, { choice, text, runs });
  const sequence = new ChorusSequence(cache, hyperparameters.vocabularySize);
  const endOfGeneration = new Set(text.special.endOfGeneration);
  const backend: Backend = {
    vocabulary: text.vocabulary,
    sequences: [sequence],
    contextSizeTokens: contextTokens,
    batchTokens: BATCH_TOKENS,
    isInterruptible: network.isInterruptible,
    beQuiet: (isQuiet) => network.beQuiet(isQuiet),
    isEndOfGeneration: (token) => endOfGeneration.has(token),
    grammar: () => Promise.reject(new Error('Benches do not support grammars.')),
  };
  const scheduler = new Scheduler(backend, { attentionCostSlope: ATTENTION_COST_SLOPE });
  return {
    sequence,
    cache,
    engine: {
      generate: (request, options) => scheduler.generate(request, options),
      setTexts: async (params) => scheduler.setTexts(params),
    },
    [Symbol.dispose]: () => {
      network.forget(rows);
      cache[Symbol.dispose]();
      rows[Symbol.dispose]();
    },
  };
}
