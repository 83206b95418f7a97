import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { uniformNumbers } from '../../../sidecar/models/decoding/random.ts';
import { beamSearch, type Hypothesis } from '../../../sidecar/speech/beamSearch.ts';
import type { DecoderToken, SpeechDecoder } from '../../../sidecar/speech/speechDecoder.ts';

const END = 0;
const VOCABULARY = 4;
const PROMPT = [9];

/** A decoder whose logits depend on the whole text. It reads the text from the rows of its cache, as a network does. */
class TableDecoder implements SpeechDecoder {
  readonly #rows: number[] = [...PROMPT];
  evaluated = 0;

  constructor(
    readonly capacityRows: number,
    private readonly seed: number,
  ) {}

  logits(text: readonly number[]): Float32Array {
    const random = uniformNumbers(text.reduce((hash, token) => (Math.imul(hash, 31) + token + 1) >>> 0, this.seed));
    return Float32Array.from({ length: VOCABULARY }, () => 4 * random());
  }

  decode(batch: readonly DecoderToken[], outputs: readonly number[]): readonly Float32Array[] {
    this.evaluated += batch.length;
    for (const { row, token, history } of batch) {
      assert.ok(row < this.capacityRows && !history.includes(row), `row ${row} is written while it is read`);
      this.#rows[row] = token;
    }
    return outputs.map((output) => {
      const { history, row } = batch[output] as DecoderToken;
      return this.logits([...history, row].slice(PROMPT.length).map((each) => this.#rows[each] as number));
    });
  }
}

const logProbabilities = (logits: Float32Array): number[] => {
  const sum = Math.log(logits.reduce((all, logit) => all + Math.exp(logit), 0));
  return [...logits].map((logit) => logit - sum);
};

/** All texts up to a length, by brute force. */
function everyText(
  decoder: TableDecoder,
  mostTokens: number,
  text: readonly number[] = [],
  logProbability = 0,
): readonly Hypothesis[] {
  return logProbabilities(decoder.logits(text)).flatMap((more, token) => {
    if (token === END) return [{ tokens: text, logProbability: logProbability + more }];
    if (text.length + 1 === mostTokens) return [{ tokens: [...text, token], logProbability: logProbability + more }];
    return everyText(decoder, mostTokens, [...text, token], logProbability + more);
  });
}

function search(
  decoder: TableDecoder,
  beamSize: number,
  mostTokens: number,
  rules?: (logits: Float32Array, sampled: readonly number[]) => void,
): readonly Hypothesis[] {
  return beamSearch({ decoder, prompt: PROMPT, logits: decoder.logits([]), end: END, beamSize, mostTokens, rules });
}

describe('beam search', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    it(`finds the likeliest text per token with a beam for every text (${seed})`, () => {
      const decoder = new TableDecoder(400, seed);
      const all = everyText(decoder, 4);
      const perToken = ({ tokens, logProbability }: Hypothesis): number => logProbability / Math.max(1, tokens.length);
      const expected = all.reduce((best, each) => (perToken(each) > perToken(best) ? each : best));
      const [found] = search(decoder, all.length, 4) as [Hypothesis];
      assert.deepEqual(found.tokens, expected.tokens);
      assert.ok(Math.abs(found.logProbability - expected.logProbability) < 1e-5);
    });

    it(`takes the likeliest token each time with one beam (${seed})`, () => {
      const decoder = new TableDecoder(16, seed);
      const greedy: number[] = [];
      for (let token; greedy.length < 6 && token !== END;) {
        const logits = decoder.logits(greedy);
        token = logits.indexOf(Math.max(...logits));
        if (token !== END) greedy.push(token);
      }
      assert.deepEqual(search(decoder, 1, 6)[0]?.tokens, greedy);
    });

    it(`reuses the rows of dropped hypotheses (${seed})`, () => {
      // As many rows as three texts of 20 tokens.
      const decoder = new TableDecoder(PROMPT.length + 3 * 20 + 3, seed);
      const ofTwenty = (logits: Float32Array, sampled: readonly number[]): void =>
        void (sampled.length < 20 ? (logits[END] = -Infinity) : logits.fill(-Infinity, 1));
      assert.deepEqual(
        search(decoder, 3, 40, ofTwenty).map(({ tokens }) => tokens.length),
        [20, 20, 20],
      );
    });
  }

  it('never chooses forbidden tokens, and counts probabilities after the rules', () => {
    const decoder = new TableDecoder(64, 3);
    const rules = (logits: Float32Array): void => void logits.fill(-Infinity, 2);
    const [best] = search(decoder, 4, 4, rules) as [Hypothesis];
    assert.ok(best.tokens.every((token) => token === 1));
    const expected = [...best.tokens.keys(), best.tokens.length].reduce((sum, length) => {
      const logits = decoder.logits(best.tokens.slice(0, length)).slice(0, 2);
      const token = best.tokens[length] ?? END;
      return length === 4 ? sum : sum + (logProbabilities(logits)[token] as number);
    }, 0);
    assert.ok(Math.abs(best.logProbability - expected) < 1e-5, `${best.logProbability}, expected ${expected}`);
  });

  it('ends when its signal aborts', () => {
    const stopped = AbortSignal.abort(new Error('stopped'));
    const decoder = new TableDecoder(16, 1);
    assert.throws(
      () =>
        beamSearch({
          decoder,
          prompt: PROMPT,
          logits: decoder.logits([]),
          end: END,
          beamSize: 2,
          mostTokens: 4,
          signal: stopped,
        }),
      /stopped/,
    );
  });
});
