import { logSumExp } from '../models/decoding/logSumExp.ts';
import type { DecoderToken, SpeechDecoder } from './speechDecoder.ts';

export interface BeamSearchOptions {
  readonly decoder: SpeechDecoder;
  /** What the decoder is given before it speaks. It stands in the first rows of the cache already. */
  readonly prompt: readonly number[];
  /** After the prompt's last token; may be changed. */
  readonly logits: Float32Array;
  readonly end: number;
  /** Texts that are followed at once; one is greedy decoding. */
  readonly beamSize: number;
  readonly mostTokens: number;
  /** Changes logits of the token after `sampled`: forbids tokens with −∞, or favours some. */
  readonly rules?: (logits: Float32Array, sampled: readonly number[]) => void;
  readonly signal?: AbortSignal;
}

export interface Hypothesis {
  /** Without the prompt and the end. */
  readonly tokens: readonly number[];
  /** Of all tokens, the end included, after the rules. */
  readonly logProbability: number;
}

interface Live {
  readonly tokens: readonly number[];
  readonly logProbability: number;
  /** Of the cache, the prompt's rows included. */
  readonly rows: readonly number[];
  readonly logits: Float32Array;
}

/** A text one token longer. */
interface Candidate {
  readonly from: Live;
  readonly token: number;
  readonly logProbability: number;
}

/**
 * Beam search: of all continuations of the texts so far the likeliest go on, until as many have ended as there are
 * beams. The best is the one of the highest probability per token, as CTranslate2 and Whisper's authors have it. One
 * cache holds all texts: what several share is there once.
 */
export function beamSearch(options: BeamSearchOptions): readonly Hypothesis[] {
  const { decoder, prompt, end, beamSize, mostTokens, rules, signal } = options;
  const free = Array.from(
    { length: decoder.capacityRows - prompt.length },
    (_, index) => decoder.capacityRows - 1 - index,
  );
  let live: readonly Live[] = [
    { tokens: [], logProbability: 0, rows: prompt.map((_, row) => row), logits: options.logits },
  ];
  const ended: Hypothesis[] = [];
  for (let length = 0; live.length > 0 && ended.length < beamSize; length++) {
    signal?.throwIfAborted();
    const candidates = live
      .flatMap((each) => bestContinuations(each, 2 * beamSize, rules))
      .sort((a, b) => b.logProbability - a.logProbability);
    // Only one of the first may end; further ones take its place.
    ended.push(
      ...candidates
        .slice(0, beamSize)
        .flatMap(({ from, token, logProbability }) => (token === end ? [{ tokens: from.tokens, logProbability }] : [])),
    );
    const going = candidates.filter(({ token }) => token !== end).slice(0, beamSize);
    if (ended.length >= beamSize) break;
    if (length + 1 >= mostTokens || prompt.length + length >= decoder.capacityRows) {
      ended.push(
        ...going.map(({ from, token, logProbability }) => ({ tokens: [...from.tokens, token], logProbability })),
      );
      break;
    }
    const kept = new Set(going.flatMap(({ from }) => from.rows));
    for (const row of new Set(live.flatMap(({ rows }) => rows))) if (!kept.has(row)) free.push(row);
    live = evaluate(decoder, going, free);
  }
  return ended.sort((a, b) => perToken(b) - perToken(a));
}

const perToken = ({ tokens, logProbability }: Hypothesis): number => logProbability / Math.max(1, tokens.length);

function bestContinuations(live: Live, count: number, rules: BeamSearchOptions['rules']): readonly Candidate[] {
  const { logits } = live;
  rules?.(logits, live.tokens);
  const total = logSumExp(logits);
  return largest(logits, count).map((token) => ({
    from: live,
    token,
    logProbability: live.logProbability + (logits[token] as number) - total,
  }));
}

/** All texts that go on in one evaluation. */
function evaluate(decoder: SpeechDecoder, going: readonly Candidate[], free: number[]): readonly Live[] {
  if (going.length > free.length)
    throw new RangeError(
      `${going.length} texts go on, and the cache of ${decoder.capacityRows} rows has room for ${free.length}.`,
    );
  const batch = going.map(({ from, token }): DecoderToken => ({
    token,
    position: from.rows.length,
    row: free.pop() as number,
    history: from.rows,
  }));
  const logits = decoder.decode(
    batch,
    batch.map((_, index) => index),
  );
  return going.map(({ from, token, logProbability }, index) => ({
    tokens: [...from.tokens, token],
    logProbability,
    rows: [...from.rows, (batch[index] as DecoderToken).row],
    logits: logits[index] as Float32Array,
  }));
}

/** The numbers of the `count` largest values that are not −∞, largest first. */
function largest(values: Float32Array, count: number): readonly number[] {
  const best: number[] = [];
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (value === -Infinity || (best.length === count && value <= (values[best[count - 1] as number] as number)))
      continue;
    let place = best.length === count ? count - 1 : best.length;
    while (place > 0 && (values[best[place - 1] as number] as number) < value) place--;
    best.splice(place, 0, index);
    if (best.length > count) best.pop();
  }
  return best;
}
