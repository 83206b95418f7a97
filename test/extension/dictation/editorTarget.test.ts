import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import { FakeDocument } from '../documents/support/fakeDocument.ts';
import '../documents/support/useFakeVscode.ts';
import { Selection, Uri, type Range } from '../documents/support/vscode.ts';

const { EditorTarget } = await import('../../../extension/dictation/editorTarget.ts');

/**
 * An editor with the cursor at `‸`. An edit reaches the window a moment after its request. It is refused if the
 * document has another version by then.
 */
function editor(marked: string) {
  const at = marked.indexOf('‸');
  const document = new FakeDocument(Uri.file('/a.txt'), marked.replace('‸', ''));
  const cursor = document.positionAt(at);
  const on = { way: (): void => undefined, wayBack: (): void => undefined };
  const state = {
    document,
    selection: new Selection(cursor, cursor),
    isReadOnly: false,
    async edit(build: (edit: { replace(range: Range, text: string): void }) => void): Promise<boolean> {
      const { version } = document;
      const changes: (readonly [range: Range, text: string])[] = [];
      build({ replace: (range, text) => changes.push([range, text]) });
      await Promise.resolve();
      on.way();
      if (document.version !== version || state.isReadOnly) return false;
      for (const [range, text] of changes)
        document.change(document.offsetAt(range.start), document.getText(range).length, text);
      on.wayBack();
      return true;
    },
  };
  const target = new EditorTarget(state as unknown as vscode.TextEditor);
  return { state, document, target, on, cursor: () => document.offsetAt(state.selection.start) };
}

const once = (work: () => void): (() => void) => {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
};

describe('dictated text in an editor', () => {
  it('appears at the cursor, each state in place of the previous one, with the cursor after it', async () => {
    const { document, target, cursor } = editor('one ‸\ntwo');
    for (const text of ['Hello', 'Hello there']) assert.equal(await target.show(text), true);
    assert.equal(document.text, 'one Hello there\ntwo');
    assert.equal(cursor(), 15);
  });

  for (const [when, moment] of [
    ['before the edit arrives', 'way'],
    ['right after the edit arrived', 'wayBack'],
  ] as const) {
    for (const [where, offset, expected] of [
      ['before', 0, 'new one Hello there\ntwo'],
      ['behind', -1, 'one Hello there\ntwonew '],
    ] as const) {
      it(`continues in its place if text changes ${where} it while it is written: ${when}`, async () => {
        const { document, target, on } = editor('one ‸\ntwo');
        on[moment] = once(() => document.change(offset < 0 ? document.text.length : offset, 0, 'new '));
        for (const text of ['Hello', 'Hello there']) assert.equal(await target.show(text), true);
        assert.equal(document.text, expected);
      });
    }
  }

  it('ends if its own place is changed while it is written', async () => {
    const { document, target, on } = editor('one ‸\ntwo');
    await target.show('Hello');
    on.way = once(() => document.change(6, 1, 'X'));
    assert.equal(await target.show('Hello there'), false);
    assert.equal(document.text, 'one HeXlo\ntwo');
  });

  it('ends if the document accepts no edits', async () => {
    const { state, target } = editor('one ‸');
    state.isReadOnly = true;
    assert.equal(await target.show('Hello'), false);
  });
});
