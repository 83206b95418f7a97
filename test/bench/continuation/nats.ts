import { createHash } from 'node:crypto';
import { logProbability } from '../../../sidecar/engine/measuring.ts';
import type { ChorusSequence } from '../../../sidecar/models/chorus/chorusSequence.ts';
import type { Network } from '../../../sidecar/models/chorus/network.ts';
import type { ModelText } from '../../../sidecar/models/modelText.ts';
import { KeptResults } from '../bundled/kept.ts';
import { openChosen } from '../contextQuality/chosenSequence.ts';
import { BEFORE_TOKENS, CONTEXT_TOKENS, NEXT_TOKENS, type Place } from './places.ts';

export interface PlaceResult {
  readonly id: string;
  /** Mean over the next tokens. */
  readonly nats: number;
}

/** Another way of measuring needs another number, so that kept results of the two are not mixed. */
const VERSION = 3;
const CHUNK_TOKENS = 128;

/** What was measured before of a model: with a choice of cache, or without a context by the task "none". */
export async function keptPlaces(modelDigest: string, task: string): Promise<KeptResults<PlaceResult>> {
  const settings = JSON.stringify([VERSION, task, CONTEXT_TOKENS, BEFORE_TOKENS, NEXT_TOKENS]);
  return KeptResults.open<PlaceResult>(modelDigest, `continuation-${createHash('sha1').update(settings).digest('hex').slice(0, 10)}`);
}

/** Nats per token of what comes next at a place: without a context by the task "none", else by a choice of cache. Each reads the place anew. */
export async function natsAtPlace(network: Network, text: ModelText, task: string, place: Place): Promise<number> {
  using chosen = openChosen(network, text, { cache: task === 'none' ? 'full' : task, contextTokens: CONTEXT_TOKENS + BEFORE_TOKENS + NEXT_TOKENS });
  return await natsAfter(chosen.sequence, task === 'none' ? [] : place.context, place);
}

/** The prompt ends where the next tokens begin; they are an answer's. */
async function natsAfter(sequence: ChorusSequence, context: readonly number[], { before, next }: Place): Promise<number> {
  const prompt = [...context, ...before];
  // The last token of the prompt is an answer's first evaluation.
  const given = prompt.slice(0, -1);
  using reading = sequence.readWhole(given);
  if (reading) while (!reading.isDone) await reading.step();
  else {
    for (let start = 0; start < given.length; start += CHUNK_TOKENS) await sequence.forward(given.slice(start, start + CHUNK_TOKENS), { wanted: 'none', isAnswer: false });
  }
  let nats = 0;
  for (const [index, token] of next.entries()) {
    const logits = await sequence.forward([index === 0 ? (prompt.at(-1) as number) : (next[index - 1] as number)], { wanted: 'last', isAnswer: index > 0 });
    nats -= logProbability(logits, token) / next.length;
  }
  return nats;
}
