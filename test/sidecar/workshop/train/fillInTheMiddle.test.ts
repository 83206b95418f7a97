import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cutGap, type Gap, type GapKind } from '../../../../sidecar/workshop/train/fillInTheMiddle.ts';
import { Random } from '../../../../sidecar/workshop/train/random.ts';

const lines = Array.from({ length: 40 }, (_, line) =>
  line % 5 === 4 ? '    ' : `    const value${line} = f(${line});`,
);
const text = `${lines.join('\n')}\n`;
const random = new Random(1);
const cut = (kind: GapKind, count = 300): readonly Gap[] =>
  Array.from({ length: count }, () => cutGap(text, random, kind) as Gap);

describe('a gap', () => {
  for (const kind of ['line', 'block', 'mid-line'] as const) {
    test(`of kind ${kind} keeps the text, is not empty, and ends before the end of a line`, () => {
      for (const { prefix, middle, suffix } of cut(kind)) {
        assert.equal(prefix + middle + suffix, text);
        assert.ok(middle.trim() !== '', JSON.stringify(middle));
        assert.ok(suffix.startsWith('\n'));
      }
    });
  }

  test('is a whole line, some lines, or the rest of a line behind its indentation', () => {
    for (const { prefix, middle } of cut('line'))
      assert.ok((prefix === '' || prefix.endsWith('\n')) && !middle.includes('\n'));
    for (const { prefix, middle } of cut('block'))
      assert.ok((prefix === '' || prefix.endsWith('\n')) && middle.split('\n').length <= 9);
    for (const { prefix, middle } of cut('mid-line'))
      assert.ok(!middle.includes('\n') && /^ {4}/.test(prefix.slice(prefix.lastIndexOf('\n') + 1)));
  });

  test('has three quarters of the text before it on average, and may be anywhere', () => {
    const shares = cut('line').map(({ prefix }) => prefix.length / text.length);
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    assert.ok(Math.abs(mean - 0.75) < 0.05, `${mean}`);
    assert.ok(Math.min(...shares) < 0.3 && Math.max(...shares) > 0.9);
  });

  test('does not exist in a single line or in an empty text', () => {
    for (const without of ['one line', 'one line\n', '\n\n   \n']) assert.equal(cutGap(without, random), undefined);
  });

  test('keeps surrogate pairs together', () => {
    for (let count = 0; count < 200; count++) {
      const { prefix, middle } = cutGap('🙂🙂🙂🙂\n🙂🙂🙂🙂\n', random, 'mid-line') as Gap;
      assert.doesNotMatch(middle, /^[\uDC00-\uDFFF]/);
      assert.doesNotMatch(prefix, /[\uD800-\uDBFF]$/);
    }
  });
});
