import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BatchStream, type PackedSequence, type StreamOptions, type Tokenizer } from '../../../sidecar/train/batchStream.ts';
import { ShuffleBuffer, shuffledSequences } from '../../../sidecar/train/shuffleBuffer.ts';

const EOS = 0;
const SEQUENCE_TOKENS = 32;
/** A token a byte. */
const bytes: Tokenizer = { tokenize: (text) => [...Buffer.from(text)], tokenBytes: () => 1, bos: undefined, eos: EOS };
const options: StreamOptions = { sequenceTokens: SEQUENCE_TOKENS, fimShare: 0, fimLoss: 'all', fimMarks: {}, seed: 1 };
/** Documents of 20 sequences and more, each of a letter of its own. */
const texts = [...'abcdefghij'].map((letter, index) => letter.repeat(SEQUENCE_TOKENS * (20 + index)));
const source = (): BatchStream => new BatchStream(texts, bytes, options);
const take = (stream: { next(): PackedSequence }, count: number): PackedSequence[] => Array.from({ length: count }, () => stream.next());
const lettersIn = (sequences: readonly PackedSequence[]): Set<string> => new Set(sequences.flatMap(({ tokens }) => [...Buffer.from(tokens).toString()]).filter((letter) => letter !== '\0'));

describe('sequences in random order', () => {
  test('steps are of several documents, where the stream alone gives them one', () => {
    assert.equal(lettersIn(take(source(), 4)).size, 1);
    const buffer = new ShuffleBuffer(source(), { seed: 1, size: 128 });
    const perStep = Array.from({ length: 25 }, () => lettersIn(take(buffer, 4)).size);
    assert.ok(perStep.reduce((sum, count) => sum + count, 0) / perStep.length > 2.5, `documents in steps of four sequences: ${perStep.join(', ')}`);
  });

  for (const size of [1, 7, 64, 10_000]) {
    test(`every sequence of an epoch is drawn once before the next epoch's, of ${size} that are held`, () => {
      const [stream, buffer] = [source(), new ShuffleBuffer(source(), { seed: 3, size })];
      for (const epoch of [0, 1]) {
        const streamed: PackedSequence[] = [];
        while (stream.epoch === epoch) streamed.push(stream.next());
        const drawn = take(buffer, streamed.length);
        assert.equal(buffer.epoch, epoch);
        const keys = (sequences: readonly PackedSequence[]): string[] => sequences.map(({ tokens, weights, starts }) => JSON.stringify([[...tokens], [...weights], [...starts]])).sort();
        assert.deepEqual(keys(drawn), keys(streamed));
      }
    });
  }

  test('sequences are drawn from 512 at a time, long ones from fewer', () => {
    assert.deepEqual([128, 512, 2_048, 8_192, 2 ** 20].map(shuffledSequences), [512, 512, 128, 32, 1]);
  });

  test('the seed decides the order', () => {
    const [first, same, other] = [1, 1, 2].map((seed) => take(new ShuffleBuffer(source(), { seed, size: 64 }), 40));
    assert.deepEqual(first, same);
    assert.notDeepEqual(first, other);
  });

  for (const before of [0, 1, 50, 260]) {
    test(`goes on from its state after ${before} sequences as if it had never stopped`, () => {
      const buffer = new ShuffleBuffer(source(), { seed: 5, size: 48 });
      take(buffer, before);
      const state = JSON.parse(JSON.stringify(buffer.state)) as typeof buffer.state;
      const resumed = new ShuffleBuffer(new BatchStream(texts, bytes, options, state.source), { seed: 5, size: 48 }, state);
      assert.deepEqual(take(resumed, 60), take(buffer, 60));
      assert.equal(resumed.epoch, buffer.epoch);
    });
  }
});
