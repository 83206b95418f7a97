import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type * as vscode from 'vscode';
import { REST_MS } from '../../../extension/completion/restTimes.ts';
import { FakeDocument } from '../documents/support/fakeDocument.ts';
import '../documents/support/useFakeVscode.ts';
import { fake, Selection, TextEditorSelectionChangeKind, Uri } from '../documents/support/vscode.ts';

const { RestingCursor } = await import('../../../extension/completion/restingCursor.ts');

/** An editor whose text marks the selection: from `[` to the cursor `‸`, or from the cursor to `]`. */
class FakeEditor {
  readonly document: FakeDocument;
  selections: readonly Selection[];

  constructor(marked: string, file = '/a.txt') {
    this.document = new FakeDocument(Uri.file(file), marked.replace(/[[\]‸]/g, ''));
    this.selections = [this.#selectionOf(marked)];
  }

  get selection(): Selection {
    return this.selections[0] as Selection;
  }

  /** Makes this the active editor. */
  activate(): void {
    fake.activeTextEditor = this;
    fake.activeEditorChanged.fire(this);
  }

  /** Changes the selection in the given way. */
  select(marked: string, kind?: keyof typeof TextEditorSelectionChangeKind): void {
    this.selections = [this.#selectionOf(marked)];
    fake.selectionChanged.fire({ textEditor: this, kind: kind && TextEditorSelectionChangeKind[kind] });
  }

  #selectionOf(marked: string): Selection {
    const active = marked.replace(/[[\]]/g, '').indexOf('‸');
    const anchor = marked.replace('‸', '').search(/[[\]]/);
    const [from, to] = [anchor < 0 ? active : anchor, active].map((offset) => this.document.positionAt(offset)) as [
      Selection['anchor'],
      Selection['active'],
    ];
    return new Selection(from, to);
  }
}

let rests: string[];
let cursor: vscode.Disposable;

/** Returns the resting places since the last call: the text with `‸` there. */
function rested(): string[] {
  mock.timers.tick(REST_MS);
  return rests.splice(0);
}

describe('a cursor', () => {
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    fake.open([], {});
    rests = [];
    cursor = new RestingCursor((document, position) => {
      const { text } = document as unknown as FakeDocument;
      const offset = document.offsetAt(position);
      rests.push(`${text.slice(0, offset)}‸${text.slice(offset)}`);
    });
  });
  afterEach(() => {
    cursor.dispose();
    mock.timers.reset();
  });

  /** An editor whose cursor has already rested. */
  function settled(marked: string): FakeEditor {
    const editor = new FakeEditor(marked);
    editor.activate();
    rested();
    return editor;
  }

  it('rests where it stays for a tenth of a second', () => {
    const editor = settled('one ‸two');
    editor.select('one tw‸o', 'Keyboard');
    mock.timers.tick(REST_MS - 1);
    assert.deepEqual(rests, []);
    editor.select('one two‸', 'Keyboard');
    assert.deepEqual(rested(), ['one two‸']);
    assert.deepEqual(rested(), [], 'once');
  });

  it('rests at its place in an editor that becomes active', () => {
    new FakeEditor('one ‸two').activate();
    assert.deepEqual(rested(), ['one ‸two']);
  });

  it('rests at the active end of the selection in an editor that becomes active', () => {
    new FakeEditor('one [two‸').activate();
    assert.deepEqual(rested(), ['one two‸']);
    new FakeEditor('one ‸two]', '/b.txt').activate();
    assert.deepEqual(rested(), ['one ‸two']);
  });

  for (const kind of [undefined, 'Command'] as const) {
    it(`rests at the active end of the initial selection, made just after the document is shown (${kind ?? 'of unknown kind'})`, () => {
      const editor = new FakeEditor('‸one two three');
      editor.activate();
      editor.select('one [two‸ three', kind);
      assert.deepEqual(rested(), ['one two‸ three']);
    });
  }

  for (const kind of ['Keyboard', 'Mouse'] as const) {
    it(`does not rest while the user selects (${kind})`, () => {
      const editor = settled('one ‸two');
      editor.select('one [two‸', kind);
      assert.deepEqual(rested(), []);
      editor.select('one two‸', kind);
      assert.deepEqual(rested(), ['one two‸']);
    });

    it(`does not rest at a selection of the user in an editor that has just become active (${kind})`, () => {
      const editor = new FakeEditor('‸one two');
      editor.activate();
      editor.select('one ‸two', kind);
      editor.select('one [two‸', kind);
      editor.select('[one two‸', 'Command');
      assert.deepEqual(rested(), []);
    });
  }

  it('does not rest at a selection that a command makes later', () => {
    const editor = settled('one ‸two');
    editor.select('[one two‸', 'Command');
    assert.deepEqual(rested(), []);
  });

  it('does not rest if there are several cursors', () => {
    const editor = new FakeEditor('one ‸two');
    editor.selections = [editor.selection, editor.selection];
    editor.activate();
    assert.deepEqual(rested(), []);
  });

  it('does not rest where an edit put it', () => {
    const editor = settled('one ‸two');
    editor.document.change(4, 0, 'x');
    editor.select('one x‸two', 'Keyboard');
    assert.deepEqual(rested(), []);
  });

  it('rests at its place, whatever is selected in another editor meanwhile', () => {
    const other = settled('one ‸two');
    new FakeEditor('three ‸four', '/b.txt').activate();
    other.select('one two‸');
    assert.deepEqual(rested(), ['three ‸four']);
  });

  it('does not rest in an editor that is no longer active', () => {
    new FakeEditor('one ‸two').activate();
    fake.activeTextEditor = undefined;
    fake.activeEditorChanged.fire(undefined);
    assert.deepEqual(rested(), []);
  });
});
