import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { trainingTexts } from '../../../sidecar/learning/trainingTexts.ts';

const text = 'one\ntwo\nthree\nfour';

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
});
