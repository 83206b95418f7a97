import { createHash } from 'node:crypto';
import process from 'node:process';
import { logProbability } from '../../../sidecar/engine/measuring.ts';
import type { ChorusSequence } from '../../../sidecar/models/chorus/chorusSequence.ts';
import type { Network } from '../../../sidecar/models/chorus/network.ts';
import type { ModelText } from '../../../sidecar/models/modelText.ts';
import { inParallel, type BenchNetworks } from '../bundled/benchNetworks.ts';
import { KeptResults, type Deadline } from '../bundled/kept.ts';
import { keptBy } from '../contextQuality/choices.ts';
import { openChosen } from '../contextQuality/chosenSequence.ts';
import { BEFORE_TOKENS, CONTEXT_TOKENS, NEXT_TOKENS, type PackageContext, type Place } from './places.ts';

export interface PlaceResult {
  readonly id: string;
  /** Mean over the next tokens. */
  readonly nats: number;
}

/** Another way of measuring needs another number, so that kept results of the two are not mixed. */
const VERSION = 5;
const CHUNK_TOKENS = 128;

/** What was measured before of a model: with a choice of cache, or without a context by the task "none". */
export async function keptPlaces(modelDigest: string, task: string): Promise<KeptResults<PlaceResult>> {
  const settings = JSON.stringify([VERSION, task === 'none' ? task : keptBy(task), CONTEXT_TOKENS, BEFORE_TOKENS, NEXT_TOKENS]);
  return KeptResults.open<PlaceResult>(modelDigest, `continuation-${createHash('sha1').update(settings).digest('hex').slice(0, 10)}`);
}

interface Measured {
  readonly contexts: readonly PackageContext[];
  /** By task. */
  readonly kept: ReadonlyMap<string, KeptResults<PlaceResult>>;
  readonly deadline: Deadline;
}

/** Measures what is not kept yet, context by context with all tasks, so that whatever is there is paired. */
export async function measurePlaces({ networks, text }: BenchNetworks, { contexts, kept, deadline }: Measured): Promise<void> {
  let done = 0;
  await inParallel(contexts, networks, async ({ tokens: context, places }, { network }) => {
    for (const [task, results] of kept) {
      const missing = places.filter(({ id }) => !results.get(id));
      if (missing.length === 0) continue;
      for await (const result of natsAtPlaces(network, text, { task, context, places: missing })) {
        await results.add(result);
        if (deadline.isOver) return;
      }
    }
    process.stderr.write(`continuation: ${++done} of ${contexts.length} contexts\n`);
  });
}

/**
 * Nats per token of what comes next at places of a context, each asked for as if there had been no other: without the context by the task "none", else by a choice of
 * cache. A cache that keeps everything reads the context once; one that chooses rows reads it with each place, which is then what chooses.
 */
async function* natsAtPlaces(network: Network, text: ModelText, { task, context, places }: { readonly task: string; readonly context: readonly number[]; readonly places: readonly Place[] }): AsyncGenerator<PlaceResult> {
  using chosen = openChosen(network, text, { cache: task === 'none' ? 'full' : task, contextTokens: CONTEXT_TOKENS + BEFORE_TOKENS + NEXT_TOKENS });
  for (const place of places) yield { id: place.id, nats: await natsAfter(chosen.sequence, task === 'none' ? [] : context, place) };
}

/** The prompt ends where the next tokens begin; they are an answer's. */
async function natsAfter(sequence: ChorusSequence, context: readonly number[], { before, next }: Place): Promise<number> {
  const prompt = [...context, ...before];
  // The last token of the prompt is an answer's first evaluation.
  const given = prompt.slice(0, -1);
  using reading = sequence.readWhole(given);
  if (reading) while (!reading.isDone) await reading.step();
  else {
    const kept = await sequence.truncate(sequence.commonPrefixLength(given));
    for (let start = kept; start < given.length; start += CHUNK_TOKENS) await sequence.forward(given.slice(start, start + CHUNK_TOKENS), { wanted: 'none', isAnswer: false });
  }
  let nats = 0;
  for (const [index, token] of next.entries()) {
    const logits = await sequence.forward([index === 0 ? (prompt.at(-1) as number) : (next[index - 1] as number)], { wanted: 'last', isAnswer: index > 0 });
    nats -= logProbability(logits, token) / next.length;
  }
  return nats;
}
