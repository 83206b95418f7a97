import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenIndex } from '../../../sidecar/engine/tokenHealing.ts';
import { missingNats } from './missingNats.ts';

const WORDS = ['a', 'ab', 'b', '\n', 'c'];
const index = new TokenIndex({ size: WORDS.length, tokenBytes: (token) => Buffer.from(WORDS[token] as string), isText: () => true });
const ends = new Set([3]);
/** Every token is as likely as its weight. */
const logits = (...weights: number[]): Float32Array => Float32Array.from(weights, Math.log);

describe('nats of what is missing', () => {
  it('are those of its tokens, and of the end of the line behind them', () => {
    const rows = [logits(1, 1, 2, 2, 2), logits(1, 1, 1, 1, 4), logits(1, 1, 1, 4, 1)];
    const nats = missingNats({ tokens: [2, 4], requiredPrefix: '', index, ends }, (position) => rows[position] as Float32Array);
    assert.ok(Math.abs(nats - Math.log(4 * 2 * 2)) < 1e-6, `${nats}`);
  });

  it('count nothing of tokens that what was taken back excludes', () => {
    const rows = [logits(1, 3, 50, 50, 50), logits(1, 1, 1, 4, 1)];
    const nats = missingNats({ tokens: [1], requiredPrefix: 'a', index, ends }, (position) => rows[position] as Float32Array);
    assert.ok(Math.abs(nats - Math.log((4 / 3) * 2)) < 1e-6, `${nats}`);
  });

  it('take any token with which a line can end', () => {
    const rows = [logits(1, 1, 1, 1, 4)];
    const nats = missingNats({ tokens: [], requiredPrefix: '', index, ends: new Set([3, 4]) }, (position) => rows[position] as Float32Array);
    assert.ok(Math.abs(nats - Math.log(8 / 5)) < 1e-6, `${nats}`);
  });
});
