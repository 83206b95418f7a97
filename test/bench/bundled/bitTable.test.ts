import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BitResult } from './bits.ts';
import { bitTable } from './bitTable.ts';
import type { BitText } from './bitTexts.ts';

const texts: readonly BitText[] = [
  { id: 'go a', kind: 'code', domain: 'go', text: '' },
  { id: 'go b', kind: 'code', domain: 'go', text: '' },
  { id: 'c a', kind: 'code', domain: 'c', text: '' },
  { id: 'prose a', kind: 'prose', domain: 'prose', text: '' },
  { id: 'udhr fra', kind: 'declaration', domain: 'udhr', language: 'fra', text: '' },
];

/** Results of 10 bytes each, given bits per byte and tokens. */
function results(bits: Readonly<Record<string, readonly [number, number]>>): ReadonlyMap<string, BitResult> {
  return new Map(
    Object.entries(bits).map(([id, [bitsPerByte, tokens]]) => [
      id,
      { id, nats: bitsPerByte * 10 * Math.LN2, bytes: 10, tokens, digest: '' },
    ]),
  );
}

describe('bitTable', () => {
  it('has a row for each kind of text, programming language and translation, and percent above the first model', () => {
    const first = results({ 'go a': [1, 2], 'go b': [1, 2], 'c a': [0.5, 2], 'prose a': [1, 2], 'udhr fra': [1, 4] });
    const second = results({
      'go a': [1.1, 2],
      'go b': [1.1, 2],
      'c a': [0.5, 3],
      'prose a': [0.9, 2],
      'udhr fra': [1.25, 5],
    });
    const { markdown, figures } = bitTable(
      new Map([
        ['published', first],
        ['trimmed', second],
      ]),
      texts,
    );
    assert.deepEqual(markdown.split('\n'), [
      '| | published | trimmed |',
      '|---|---:|---:|',
      '| **code** | 0.833 | 0.900 (+8.0 ± 2.4 %) |',
      '| go | 1.000 | 1.100 (+10.0 ± 0.0 %) |',
      '| c | 0.500 | 0.500 (+0.0 %) |',
      '| **prose** | 1.000 | 0.900 (−10.0 %) |',
      '| **declaration** | 1.000 | 1.250 (+25.0 %) |',
      '| fra | 1.000 | 1.250 (+25.0 %) |',
    ]);
    const { published, trimmed } = figures as Record<
      string,
      Record<string, { texts: number; bytesPerToken: number; tokensAbove?: { mean: number } }>
    >;
    assert.deepEqual(published?.['fra'], { texts: 1, bitsPerByte: 1, bytesPerToken: 2.5 });
    assert.equal(trimmed?.['fra']?.tokensAbove?.mean, 0.25);
  });

  it('compares texts that both models have, and marks missing results', () => {
    const { markdown } = bitTable(
      new Map([
        ['a', results({ 'go a': [1, 2] })],
        ['b', results({ 'go a': [1.5, 2], 'go b': [3, 2] })],
      ]),
      texts.slice(0, 3),
    );
    assert.deepEqual(markdown.split('\n').slice(2), [
      '| **code** | 1.000 in 1 of 3 | 2.250 in 2 of 3 (+50.0 %) |',
      '| go | 1.000 in 1 of 2 | 2.250 (+50.0 %) |',
      '| c | – | – |',
    ]);
  });
});
