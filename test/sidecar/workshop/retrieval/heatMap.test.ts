import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heatMap } from '../../../../sidecar/workshop/retrieval/heatMap.ts';

describe('a heat map', () => {
  const svg = heatMap({
    title: 'a < b & c',
    columns: { name: 'tokens', labels: ['512', '1024'] },
    rows: { name: 'depth', labels: ['0 %', '50 %', '100 %'] },
    values: [
      [1, 0],
      [0.5, 0.25],
      [1, 1],
    ],
  });

  it('has a cell with its number for each value', () => {
    assert.equal(svg.match(/stroke="white"/g)?.length, 6);
    assert.deepEqual(svg.match(/(?<=fill="(?:black|white)">)\d+ %/g), [
      '100 %',
      '0 %',
      '50 %',
      '25 %',
      '100 %',
      '100 %',
    ]);
  });

  it('gives equal values equal colours, and different values different colours', () => {
    const fills = svg.match(/rgb\([^)]*\)/g) ?? [];
    assert.equal(fills[0], fills[4]);
    assert.equal(new Set(fills).size, 4);
  });

  it('labels rows, columns and the title, with any characters', () => {
    for (const text of ['>512<', '>1024<', '>50 %<', '>tokens<', '>depth<', '>a &lt; b &amp; c<'])
      assert.ok(svg.includes(text), text);
  });
});
