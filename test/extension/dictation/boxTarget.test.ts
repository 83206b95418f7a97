import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { boxTarget } from '../../../extension/dictation/boxTarget.ts';
import type { DictationTarget } from '../../../extension/dictation/dictationTarget.ts';

describe('dictated text in a box', () => {
  interface Box {
    readonly target: DictationTarget;
    /** `undefined`: it can't be read. */
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
    ['stands alone in an empty box', '', 'Hello there'],
    ['stands apart from what stood there', 'Fix:', 'Fix: Hello there'],
    ['keeps the lines above it', 'Fix\n\n', 'Fix\n\nHello there'],
  ] as const) {
    it(what, async () => {
      const shown = box(before);
      for (const text of ['Hello', 'Hello there']) assert.equal(await shown.target.show(text), true);
      assert.equal(shown.text, after);
    });
  }

  it('leaves what stood there where all was taken back', async () => {
    const shown = box('Fix:');
    for (const text of ['Hello', '']) assert.equal(await shown.target.show(text), true);
    assert.equal(shown.text, 'Fix:');
  });

  it('stands behind what is typed before the first words', async () => {
    const shown = box('');
    shown.text = 'Fix:';
    assert.equal(await shown.target.show('Hello'), true);
    assert.equal(shown.text, 'Fix: Hello');
  });

  it('is not written again where it stands there', async () => {
    const shown = box('');
    for (const text of ['Hello', 'Hello']) assert.equal(await shown.target.show(text), true);
    assert.equal(shown.writes, 1);
  });

  it('is known in a document with line ends of two units', async () => {
    const shown = box('Fix\r\n', { lineBreak: '\r\n' });
    for (const text of ['One.\nTwo.', 'One.\nTwo. Three.']) assert.equal(await shown.target.show(text), true);
    assert.equal(shown.text, 'Fix\r\nOne.\r\nTwo. Three.');
  });

  for (const [what, now] of [
    ['the user has edited it', 'Fix: Hallo'],
    ['the user is done with it', ''],
    ['it can no longer be read', undefined],
  ] as const) {
    it(`ends where ${what}, which stays`, async () => {
      const shown = box('Fix:');
      await shown.target.show('Hello');
      shown.text = now;
      assert.equal(await shown.target.show('Hello there'), false);
      assert.equal(shown.text, now);
    });
  }

  it('never comes into a box that is gone, or that can not be read', async () => {
    const [gone, unread] = [box('', { gone: AbortSignal.abort() }), box(undefined)];
    assert.deepEqual([await gone.target.show('Hello'), await unread.target.show('Hello')], [false, false]);
    assert.deepEqual([gone.writes, unread.writes], [0, 0]);
  });

  it('ends where there is no way to the box', async () => {
    assert.equal(await boxTarget({ read: () => '', write: () => Promise.resolve(false) }).show('Hello'), false);
  });
});
