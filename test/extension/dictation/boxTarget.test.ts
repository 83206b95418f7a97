import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { boxTarget } from '../../../extension/dictation/boxTarget.ts';
import type { DictationTarget } from '../../../extension/dictation/dictationTarget.ts';

describe('dictated text in a box', () => {
  interface Box {
    readonly target: DictationTarget;
    /** The text of the box, or `undefined` if it can't be read. */
    text: string | undefined;
    writes: number;
  }
  function box(
    text: string | undefined,
    { gone, lineBreak = '\n' }: { readonly gone?: AbortSignal; readonly lineBreak?: string } = {},
  ): Box {
    const state = { text, writes: 0 };
    const write = (written: string): Promise<boolean> => {
      state.text = written.replaceAll('\n', lineBreak);
      state.writes++;
      return Promise.resolve(true);
    };
    return Object.assign(state, { target: boxTarget({ gone, read: () => state.text, write }) });
  }

  for (const [what, before, after] of [
    ['is alone in an empty box', '', 'Hello there'],
    ['is separated from the previous text', 'Fix:', 'Fix: Hello there'],
    ['keeps the lines above it', 'Fix\n\n', 'Fix\n\nHello there'],
  ] as const) {
    it(what, async () => {
      const shown = box(before);
      for (const text of ['Hello', 'Hello there']) assert.equal(await shown.target.show(text), true);
      assert.equal(shown.text, after);
    });
  }

  it('restores the previous text if all words are taken back', async () => {
    const shown = box('Fix:');
    for (const text of ['Hello', '']) assert.equal(await shown.target.show(text), true);
    assert.equal(shown.text, 'Fix:');
  });

  it('appends to the text that is typed before the first words', async () => {
    const shown = box('');
    shown.text = 'Fix:';
    assert.equal(await shown.target.show('Hello'), true);
    assert.equal(shown.text, 'Fix: Hello');
  });

  it('is not written again if it is already there', async () => {
    const shown = box('');
    for (const text of ['Hello', 'Hello']) assert.equal(await shown.target.show(text), true);
    assert.equal(shown.writes, 1);
  });

  it('is recognised in a document with line ends of two units', async () => {
    const shown = box('Fix\r\n', { lineBreak: '\r\n' });
    for (const text of ['One.\nTwo.', 'One.\nTwo. Three.']) assert.equal(await shown.target.show(text), true);
    assert.equal(shown.text, 'Fix\r\nOne.\r\nTwo. Three.');
  });

  for (const [what, now] of [
    ['the user has edited the text', 'Fix: Hallo'],
    ['the user has sent the text', ''],
    ['the box can no longer be read', undefined],
  ] as const) {
    it(`ends if ${what}, which stays`, async () => {
      const shown = box('Fix:');
      await shown.target.show('Hello');
      shown.text = now;
      assert.equal(await shown.target.show('Hello there'), false);
      assert.equal(shown.text, now);
    });
  }

  it("is not written into a box that is gone or can't be read", async () => {
    const [gone, unread] = [box('', { gone: AbortSignal.abort() }), box(undefined)];
    assert.deepEqual([await gone.target.show('Hello'), await unread.target.show('Hello')], [false, false]);
    assert.deepEqual([gone.writes, unread.writes], [0, 0]);
  });

  it("ends if the box can't be reached", async () => {
    assert.equal(await boxTarget({ read: () => '', write: () => Promise.resolve(false) }).show('Hello'), false);
  });
});
