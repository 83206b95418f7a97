import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { meanWeight } from '../../../sidecar/common/weightedText.ts';
import generalCode from '../../../sidecar/learning/generalCode.json' with { type: 'json' };
import { trainingTexts } from '../../../sidecar/learning/trainingTexts.ts';

const text = 'one\ntwo\nthree\nfour';
const units = ({ text, parts = [] }: ReturnType<typeof trainingTexts>[number]): number =>
  text.length * meanWeight(parts, 0, text.length);

describe('texts of a training', () => {
  it('weigh recent lines more than others, and all others once', () => {
    const [file, plain] = trainingTexts([
      {
        path: 'a',
        text,
        recent: [
          { start: 1, end: 2 },
          { start: 3, end: 9 },
        ],
      },
      { path: 'b', text },
    ]);
    assert.deepEqual(
      file?.parts?.map(({ start, end }) => text.slice(start, end)),
      ['two\n', 'four'],
    );
    assert.ok(file.parts.every(({ weight }) => weight > 1));
    assert.deepEqual(plain?.parts, []);
  });

  for (const copies of [1, 1_000])
    it(`include a twentieth of general code in a workspace of ${copies * text.length} characters`, () => {
      const files = [{ path: 'a', text: text.repeat(copies), recent: [{ start: 0, end: 2 }] }];
      const [own, ...general] = trainingTexts(files).map(units);
      const generalUnits = general.reduce((sum, each) => sum + each, 0);
      assert.ok(Math.abs(generalUnits / (generalUnits + (own as number)) - 0.05) < 1e-9);
      assert.ok(general.length > 9);
    });

  it('include none of the general code that measures', () => {
    const known = new Set(trainingTexts([]).flatMap(({ text }) => text.split('\n').map((line) => line.trim())));
    for (const { path, lines } of generalCode) {
      const telling = lines.map((line) => line.trim()).filter((line) => line.length > 20);
      const shared = telling.filter((line) => known.has(line));
      assert.ok(shared.length < 0.05 * telling.length, `${path}: ${shared.join('\n')}`);
    }
  });
});
