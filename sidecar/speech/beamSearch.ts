import { logSumExp } from '../models/decoding/logSumExp.ts';
import type { DecoderToken, SpeechDecoder } from './speechDecoder.ts';

export interface BeamSearchOptions {
  readonly decoder: SpeechDecoder;
  /** The decoder's prompt. It is already in the first rows of the cache. */
  readonly prompt: readonly number[];
  /** The logits after the prompt's last token. They may be changed. */
  readonly logits: Float32Array;
  readonly end: number;
  /** The number of hypotheses that are followed in parallel. 1 is greedy decoding. */
  readonly beamSize: number;
  readonly mostTokens: number;
  /** Changes the logits of the token after `sampled`: forbids tokens with −∞, or favours some. */
  readonly rules?: (logits: Float32Array, sampled: readonly number[]) => void;
  readonly signal?: AbortSignal;
}

export interface Hypothesis {
  /** Without the prompt and the end. */
  readonly tokens: readonly number[];
  /** Over all tokens including the end, after the rules. */
  readonly logProbability: number;
}

interface Live {
  readonly tokens: readonly number[];
  readonly logProbability: number;
  /** The rows in the cache, including the prompt's. */
  readonly rows: readonly number[];
  readonly logits: Float32Array;
}

/** A hypothesis with another token. */
interface Candidate {
  readonly from: Live;
  readonly token: number;
  readonly logProbability: number;
}

/**
 * Beam search. The likeliest continuations of all hypotheses go on, until as many hypotheses have ended as there are
 * beams. The result with the highest log probability per token comes first, as in CTranslate2 and Whisper's own code.
 *
 * A single cache holds all hypotheses, so shared prefixes are stored once.
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
    // Only the first `beamSize` candidates may end; lower ones take their places.
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

/** Evaluates all continuing hypotheses in a single batch. */
function evaluate(decoder: SpeechDecoder, going: readonly Candidate[], free: number[]): readonly Live[] {
  if (going.length > free.length)
    throw new RangeError(
      `${going.length} hypotheses continue, but the cache of ${decoder.capacityRows} rows has room for only ${free.length}.`,
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

/** The indices of the `count` largest values except −∞, the largest first. */
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
