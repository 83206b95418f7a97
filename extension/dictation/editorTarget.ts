import * as vscode from 'vscode';
import { followChanges, type OffsetChange, type TrackedRange } from '../edits/trackedRange.ts';
import type { DictationTarget } from './dictationTarget.ts';
import { insertedText } from './insertedText.ts';

/** Shows dictated text at the cursor of an editor, in place of the selection. One undo removes all of it. */
export class EditorTarget implements DictationTarget {
  #range: TrackedRange | undefined;
  /**
   * The document's changes, in order, since one of our edits began. Only its outcome tells whether the first change is
   * our own.
   */
  #meanwhile: (readonly OffsetChange[])[] | undefined;
  #isFirst = true;
  /** The line's text before the insertion. */
  readonly #before: string;
  readonly #listener: vscode.Disposable;

  constructor(private readonly editor: vscode.TextEditor) {
    const { document, selection } = editor;
    this.#range = { start: document.offsetAt(selection.start), end: document.offsetAt(selection.end) };
    this.#before = document.lineAt(selection.start.line).text.slice(0, selection.start.character);
    this.#listener = vscode.workspace.onDidChangeTextDocument(({ document: changed, contentChanges }) => {
      if (changed !== document || contentChanges.length === 0) return;
      if (this.#meanwhile) this.#meanwhile.push(contentChanges);
      else this.#follow([contentChanges]);
    });
  }

  get uri(): string {
    return this.editor.document.uri.toString();
  }

  async show(text: string): Promise<boolean> {
    const { document } = this.editor;
    const inserted = insertedText(text, {
      before: this.#before,
      lineBreak: document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n',
    });
    while (this.#range && !document.isClosed) {
      const { start, end } = this.#range;
      if (document.getText(rangeOf(document, start, end)) === inserted) return true;
      const outcome = await this.#replace(this.#range, inserted);
      if (outcome === 'refused') return false;
      if (outcome === 'outdated') continue;
      if (this.#range) this.#showCursor(this.#range.end);
      return true;
    }
    return false;
  }

  /**
   * Returns 'outdated' if the document changed before the edit arrived, in which case VS Code refuses it. The range has
   * then followed the change.
   */
  async #replace({ start, end }: TrackedRange, inserted: string): Promise<'done' | 'outdated' | 'refused'> {
    const meanwhile: (readonly OffsetChange[])[] = (this.#meanwhile = []);
    let isDone: boolean;
    try {
      isDone = await this.editor.edit((edit) => edit.replace(rangeOf(this.editor.document, start, end), inserted), {
        undoStopBefore: this.#isFirst,
        undoStopAfter: false,
      });
    } catch {
      // The editor was closed meanwhile.
      return 'refused';
    } finally {
      this.#meanwhile = undefined;
    }
    if (isDone) {
      this.#isFirst = false;
      this.#range = { start, end: start + inserted.length };
      meanwhile.shift();
    }
    this.#follow(meanwhile);
    if (isDone) return 'done';
    return meanwhile.length > 0 ? 'outdated' : 'refused';
  }

  #follow(events: readonly (readonly OffsetChange[])[]): void {
    for (const changes of events) this.#range &&= followChanges(this.#range, changes);
  }

  #showCursor(offset: number): void {
    const cursor = this.editor.document.positionAt(offset);
    this.editor.selection = new vscode.Selection(cursor, cursor);
  }

  dispose(): void {
    this.#listener.dispose();
  }
}

const rangeOf = (document: vscode.TextDocument, start: number, end: number): vscode.Range =>
  new vscode.Range(document.positionAt(start), document.positionAt(end));
