import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lossPlot } from '../../../../sidecar/workshop/train/lossPlot.ts';

describe('lossPlot', () => {
  it('labels the smallest and the largest loss, even of a long training', () => {
    const losses = Array.from({ length: 300_000 }, (_, step) => 5 - (4 * step) / 299_999);
    const drawing = lossPlot(losses);
    for (const text of ['>1.000<', '>5.000<', '>300000<']) assert.ok(drawing.includes(text), text);
  });

  it('leaves out NaN', () => {
    const drawing = lossPlot([3, NaN, 2]);
    for (const text of ['>2.000<', '>3.000<']) assert.ok(drawing.includes(text), text);
  });
});
