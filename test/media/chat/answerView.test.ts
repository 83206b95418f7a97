import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JSDOM } from 'jsdom';
import { AnswerView } from '../../../media/chat/answerView.ts';
import { MarkdownRenderer } from '../../../media/chat/markdown.ts';

const { window } = new JSDOM('');
Object.assign(globalThis, { requestAnimationFrame: () => 0, cancelAnimationFrame: () => undefined });

describe('an answer that grows', () => {
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
});
