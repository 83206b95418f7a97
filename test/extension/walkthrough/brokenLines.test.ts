import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brokenLines } from '../../../extension/walkthrough/brokenLines.ts';

describe('brokenLines', () => {
  it('breaks between words, and keeps signs with their words', () => {
    assert.deepEqual(brokenLines('Type a space behind "return": grey text (Tab) follows.', 22), [
      'Type a space behind',
      '"return": grey text',
      '(Tab) follows.',
    ]);
  });

  it('breaks a text without spaces, whose letters take two columns', () => {
    const text = '「return」の後にスペースを入力すると、灰色のテキストが続きます。';
    const lines = brokenLines(text, 30);
    assert.ok(lines.length > 1);
    assert.equal(lines.join(''), text);
    for (const line of lines) assert.ok([...line].length <= 30 && !/^[、。」]/.test(line), line);
  });

  it('does not break a word that is longer than a line', () => {
    assert.deepEqual(brokenLines('Die Dokumentationskommentare hier', 10), ['Die', 'Dokumentationskommentare', 'hier']);
  });

  it('keeps a short text', () => {
    assert.deepEqual(brokenLines('Tab takes it.', 40), ['Tab takes it.']);
  });
});
