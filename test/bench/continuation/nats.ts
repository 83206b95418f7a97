import process from 'node:process';
import { logProbability } from '../../../sidecar/models/decoding/logSumExp.ts';
import { BATCH_TOKENS } from '../../../sidecar/models/chorus/network/batchTokens.ts';
import { parseCacheChoice } from '../../../sidecar/models/chorus/cache/cacheChoice.ts';
import type { ChorusSequence } from '../../../sidecar/models/chorus/chorusSequence.ts';
import { inParallel, type BenchNetworks } from '../bundled/benchNetworks.ts';
import { isForAnything, openChosen, readTogether } from '../contextQuality/chosenSequence.ts';
import type { Deadline } from '../kept/deadline.ts';
import type { KeptResults } from '../kept/keptResults.ts';
import type { KeptTask } from '../kept/keptTask.ts';
import { BEFORE_TOKENS, CONTEXT_TOKENS, NEXT_TOKENS, type PackageContext, type Place } from './places.ts';

export interface PlaceResult {
  readonly id: string;
  /** The mean over the next tokens. */
  readonly nats: number;
}

/** Increased when the method changes, so that kept results of two methods are not mixed. */
const VERSION = 7;
/** The tokens of a prompt and its continuation. */
const HELD_TOKENS = CONTEXT_TOKENS + BEFORE_TOKENS + NEXT_TOKENS;

export const continuationTask: KeptTask<PlaceResult> = {
  page: 'context-quality',
  name: 'continuation',
  settings: [VERSION, CONTEXT_TOKENS, BEFORE_TOKENS, NEXT_TOKENS],
  valueOf: ({ nats }) => Number(nats.toFixed(6)),
  resultOf: (id, value) => ({ id, nats: Number(value) }),
};

interface Measured {
  readonly contexts: readonly PackageContext[];
  /** Kept results by task. */
  readonly kept: ReadonlyMap<string, KeptResults<PlaceResult>>;
  readonly deadline: Deadline;
}

/** Measures missing results, context by context with all tasks, so that all results are paired. */
export async function measurePlaces(
  { networks, text }: BenchNetworks,
  { contexts, kept, deadline }: Measured,
): Promise<void> {
  let done = 0;
  await inParallel(contexts, networks, async ({ tokens: context, places }, { network }) => {
    /** Goes place by place, since the context is read once. */
    const measure = async (
      task: string,
      results: KeptResults<PlaceResult>,
      sequence: ChorusSequence,
    ): Promise<void> => {
      for (const place of places) {
        if (results.get(place.id)) continue;
        if (deadline.isOver) return;
        await readOn(sequence, promptOf(task === 'none' ? [] : context, place));
        await results.add({ id: place.id, nats: await natsAfter(sequence, place) });
      }
    };
    const unfinished = [...kept].filter(([, results]) => places.some(({ id }) => !results.get(id)));
    for (const [task, results] of unfinished) {
      if (deadline.isOver || choosesOnce(task)) continue;
      using chosen = await openChosen(network, text, {
        cache: task === 'none' ? 'full' : task,
        contextTokens: HELD_TOKENS,
      });
      await measure(task, results, chosen.sequence);
    }
    const ofContext = unfinished.filter(([task]) => choosesOnce(task) && isForAnything(task));
    if (ofContext.length > 0 && !deadline.isOver) {
      using sequences = await readTogether(network, text, {
        caches: ofContext.map(([task]) => task),
        prompts: [context],
        contextTokens: HELD_TOKENS,
      });
      for (const [task, results] of ofContext) await measure(task, results, sequences.byPrompt[0]!.get(task)!.sequence);
    }
    const byPlace = unfinished.filter(([task]) => choosesOnce(task) && !isForAnything(task));
    const unmeasured = places.filter(({ id }) => byPlace.some(([, results]) => !results.get(id)));
    if (unmeasured.length > 0 && !deadline.isOver) {
      using sequences = await readTogether(network, text, {
        caches: byPlace.map(([task]) => task),
        prompts: unmeasured.map((place) => promptOf(context, place)),
        contextTokens: HELD_TOKENS,
      });
      for (const [index, place] of unmeasured.entries()) {
        for (const [task, results] of byPlace) {
          if (!results.get(place.id))
            await results.add({
              id: place.id,
              nats: await natsAfter(sequences.byPrompt[index]!.get(task)!.sequence, place),
            });
        }
      }
    }
    process.stderr.write(`continuation: ${++done} of ${contexts.length} contexts\n`);
  });
}

const choosesOnce = (task: string): boolean => task !== 'none' && parseCacheChoice(task).capacity < Infinity;

/** Returns the part of a place's prompt before its last token, which is the first evaluation of an answer. */
const promptOf = (context: readonly number[], { before }: Place): readonly number[] => [
  ...context,
  ...before.slice(0, -1),
];

/** Reads the missing tokens as if no other place had been read. */
async function readOn(sequence: ChorusSequence, given: readonly number[]): Promise<void> {
  const kept = await sequence.truncate(sequence.commonPrefixLength(given));
  for (let start = kept; start < given.length; start += BATCH_TOKENS)
    await sequence.forward(given.slice(start, start + BATCH_TOKENS), { wanted: 'none', isAnswer: false });
}

/**
 * Returns nats per token of the continuation. Its tokens are evaluated together as an answer's tokens, and attend the
 * same rows as if they came one by one.
 */
async function natsAfter(sequence: ChorusSequence, { before, next }: Place): Promise<number> {
  const first = await sequence.forward(before.slice(-1), { wanted: 'last', isAnswer: false });
  const others = await sequence.forward(next.slice(0, -1), { wanted: 'all', isAnswer: true });
  const logitsOf = (index: number): Float32Array =>
    index === 0 ? first : others.subarray((index - 1) * first.length, index * first.length);
  return next.reduce((nats, token, index) => nats - logProbability(logitsOf(index), token), 0) / next.length;
}
