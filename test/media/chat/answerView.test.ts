import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { JSDOM } from 'jsdom';
import { AnswerView } from '../../../media/chat/answerView.ts';
import { MarkdownRenderer } from '../../../media/chat/markdown.ts';

const { window } = new JSDOM('');
let frame: (() => void) | undefined;
Object.assign(globalThis, {
  requestAnimationFrame: (work: () => void) => {
    frame = work;
    return 0;
  },
  cancelAnimationFrame: () => undefined,
});

describe('a growing answer', () => {
  for (const text of ['one\n\ntwo\n\nthree', 'one\r\rtwo\r\rthree', 'one\r\n\r\ntwo\rtoo\n\nthree', 'a\rb\n\nc\n\nd']) {
    it(`shows each block once, however its lines end: ${JSON.stringify(text)}`, () => {
      const root = window.document.createElement('div');
      const view = new AnswerView(root, new MarkdownRenderer(window), () => undefined);
      for (const character of text) {
        view.append(character);
        view.flush();
      }
      view.finish();
      const words = (from: string): string => from.replaceAll(/\s+/g, ' ').trim();
      assert.equal(words([...root.children].map(({ textContent }) => textContent).join(' ')), words(text));
    });
  }

  it('takes time that grows little faster than its length, since a long block is not rendered in each frame', () => {
    const renderer = new MarkdownRenderer(window);
    const blocks = mock.method(renderer, 'blocks');
    const root = window.document.createElement('div');
    const view = new AnswerView(root, renderer, () => undefined);
    const piece = 'word '.repeat(100);
    const pieces = 120;
    for (let count = 0; count < pieces; count++) {
      view.append(piece);
      frame?.();
    }
    view.finish();
    const units = piece.length * pieces;
    const readUnits = blocks.mock.calls.reduce((sum, { arguments: [text] }) => sum + text.length, 0);
    assert.ok(readUnits <= 20 * units, `${readUnits} units were read of ${units}`);
    assert.equal(root.textContent?.trim(), piece.repeat(pieces).trim());
  });
});
