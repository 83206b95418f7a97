import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Speed } from './speed.ts';
import { speedTable } from './speedTable.ts';

const MEBIBYTE = 2 ** 20;
const round = (prompt: number, decode: number, firstTokenMs: number): Speed => ({
  prompt,
  decode,
  firstTokenMs,
  residentBytes: prompt * MEBIBYTE,
  peakBytes: 2 * prompt * MEBIBYTE,
});

describe('speedTable', () => {
  it('has medians of the rounds, and the median of ratios within rounds', () => {
    // The machine was busy in the second round, for both.
    const published = [round(200, 40, 100), round(100, 20, 200), round(220, 44, 90)];
    const trimmed = [round(300, 80, 50), round(150, 40, 100), round(440, 88, 45)];
    const { markdown, figures } = speedTable(
      new Map([
        ['published', published],
        ['trimmed', trimmed],
      ]),
      new Map([
        ['published', 491_400_064],
        ['trimmed', 245_700_032],
      ]),
    );
    assert.deepEqual(markdown.split('\n'), [
      '| | published | trimmed |',
      '|---|---:|---:|',
      '| MB | 491.4 | 245.7 (× 0.50) |',
      '| memory, MiB | 200 | 300 (× 1.50) |',
      '| memory at its peak, MiB | 400 | 600 (× 1.50) |',
      '| prompt, tokens/s | 200 | 300 (× 1.50) |',
      '| decoding, tokens/s | 40.0 | 80.0 (× 2.00) |',
      '| time to the first token, ms | 100 | 50 (× 0.50) |',
    ]);
    assert.deepEqual((figures as Record<string, Record<string, unknown>>)['trimmed']?.['decode'], {
      median: 80,
      ratio: 2,
    });
  });
});
