import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenIndex } from '../../../sidecar/models/decoding/tokenIndex.ts';
import { missingNats } from './missingNats.ts';

const WORDS = ['a', 'ab', 'b', '\n', 'c', 'b\n', '<end>'];
const index = new TokenIndex({
  size: WORDS.length,
  tokenBytes: (token) => Buffer.from(WORDS[token] as string),
  isText: (token) => token !== 6,
});
const endOfGeneration = [6];
/** Logits that make each token as likely as its weight. */
const logits = (...weights: number[]): Float32Array => Float32Array.from(weights, Math.log);

describe('missingNats', () => {
  const natsOf = (tokens: readonly number[], requiredPrefix: string, rows: readonly Float32Array[]): number =>
    missingNats({ tokens, requiredPrefix, index, endOfGeneration }, (position) => rows[position] as Float32Array);

  it('sums over the tokens, and the end of the line after them', () => {
    close(
      natsOf([2, 4], '', [logits(1, 1, 2, 2, 1, 1, 0), logits(1, 1, 1, 1, 4, 0, 0), logits(1, 1, 1, 4, 1, 0, 0)]),
      Math.log(4 * 2 * 2),
    );
  });

  it('does not count tokens that the required prefix excludes', () => {
    close(natsOf([1], 'a', [logits(1, 3, 50, 50, 50, 50, 50), logits(1, 1, 1, 4, 1, 0, 0)]), Math.log((4 / 3) * 2));
  });

  it('takes the end of the text for the end of a line', () => {
    close(natsOf([], '', [logits(1, 1, 1, 1, 0, 0, 4)]), Math.log(8 / 5));
  });

  it('counts a last token that contains the line break, as well as a line break after the last token', () => {
    // "a" with 1/2, then "b" with 1/4 and a line break with 1/2, or "b\n" with 1/8.
    close(
      natsOf([0, 2], '', [logits(4, 0, 4, 0, 0, 0, 0), logits(5, 0, 2, 0, 0, 1, 0), logits(1, 0, 0, 1, 0, 0, 0)]),
      -Math.log((1 / 2) * (1 / 8 + 1 / 8)),
    );
  });
});

function close(nats: number, expected: number): void {
  assert.ok(Math.abs(nats - expected) < 1e-5, `${nats} nats instead of ${expected}`);
}
