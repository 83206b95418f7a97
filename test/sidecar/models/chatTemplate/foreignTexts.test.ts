import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ForeignTexts, ForeignTextsError, SpecialForms } from '../../../../sidecar/models/chatTemplate/foreignTexts.ts';

const SEAM = '\uE0F8';
const MARK = '\uE0F7';
const specials = new Set(['<|im_start|>', '<|im_end|>']);
const forms = new SpecialForms(specials, '<|im_start|>user<|im_end|>');
const pieces = (rendered: string): string[] => new ForeignTexts(forms).pieces(rendered).map(({ text }) => text);

/** Different texts, each a part of the template, so that the number of parts is maximal. */
const manySpecials = (): readonly [texts: ReadonlySet<string>, template: string] => {
  const texts = Array.from({ length: 1_000 }, (_, index) => `${index}`.padStart(6, 'x').repeat(20));
  return [new Set(texts), texts.join('')];
};

describe('special texts of a model', () => {
  test('are refused if there are too many, alone or against the template', () => {
    const [texts, template] = manySpecials();
    assert.throws(() => new SpecialForms(texts, template), ForeignTextsError);
    const unlike = new Set(Array.from({ length: 4_000 }, (_, index) => `${String.fromCharCode(0x4e00 + index)}|>`));
    assert.throws(() => new SpecialForms(unlike, 'x'.repeat(256 * 1024)), ForeignTextsError);
  });

  test('are read for models with thousands of spare tokens', () => {
    const spare = new Set(Array.from({ length: 6_400 }, (_, index) => `<unused${index}>`));
    assert.equal(
      new SpecialForms(spare, '<start_of_turn>user<end_of_turn>'.repeat(1_000)).longest,
      '<unused6399>'.length,
    );
  });
});

describe('the pieces of a prompt', () => {
  test('are cut within a special text, however many seams the template puts there', () => {
    for (const seams of [1, 2, 100])
      assert.deepEqual(pieces(`a<|im_${SEAM.repeat(seams)}end|>b`), ['a<|im_', 'end|>b'], `${seams}`);
    assert.deepEqual(pieces(`<|${SEAM}im_${SEAM}en${SEAM}d|>`), ['<|', 'im_end|>']);
  });

  test('are a single piece if no special text crosses a seam, in linear time', () => {
    const rendered = `${'x'.repeat(80)}${SEAM}`.repeat(90_000);
    assert.deepEqual(pieces(rendered), [rendered.replaceAll(SEAM, '')]);
  });

  test('are refused if a template writes more marks than there are texts', () => {
    for (const mark of [`a${SEAM}`, `${MARK}0${MARK}`])
      assert.throws(
        () => pieces(mark.repeat(100_001)),
        new ForeignTextsError('makes a prompt of more than 100000 pieces'),
      );
  });
});
