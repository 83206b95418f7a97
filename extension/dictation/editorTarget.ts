import * as vscode from 'vscode';
import { followChanges, type TrackedRange } from '../edits/trackedRange.ts';
import type { DictationTarget } from './dictationTarget.ts';
import { insertedText } from './insertedText.ts';

/** Dictated text at the cursor of an editor, in place of what is selected. One undo takes all of it back. */
export class EditorTarget implements DictationTarget {
  #range: TrackedRange | undefined;
  #isChanging = false;
  #isFirst = true;
  /** Of the line, before the place. */
  readonly #before: string;
  readonly #listener: vscode.Disposable;

  constructor(private readonly editor: vscode.TextEditor) {
    const { document, selection } = editor;
    this.#range = { start: document.offsetAt(selection.start), end: document.offsetAt(selection.end) };
    this.#before = document.lineAt(selection.start.line).text.slice(0, selection.start.character);
    this.#listener = vscode.workspace.onDidChangeTextDocument(({ document: changed, contentChanges }) => {
      if (changed === document && !this.#isChanging && this.#range) this.#range = followChanges(this.#range, contentChanges);
    });
  }

  get uri(): string {
    return this.editor.document.uri.toString();
  }

  async show(text: string): Promise<boolean> {
    const { document } = this.editor;
    if (!this.#range || document.isClosed) return false;
    const { start, end } = this.#range;
    const inserted = insertedText(text, { before: this.#before, lineBreak: document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n' });
    if (document.getText(rangeOf(document, start, end)) === inserted) return true;
    this.#isChanging = true;
    try {
      const isDone = await this.editor.edit((edit) => edit.replace(rangeOf(document, start, end), inserted), { undoStopBefore: this.#isFirst, undoStopAfter: false });
      if (!isDone) return false;
    } catch {
      // The editor was closed meanwhile.
      return false;
    } finally {
      this.#isChanging = false;
    }
    this.#isFirst = false;
    this.#range = { start, end: start + inserted.length };
    const cursor = document.positionAt(start + inserted.length);
    this.editor.selection = new vscode.Selection(cursor, cursor);
    return true;
  }

  dispose(): void {
    this.#listener.dispose();
  }
}

const rangeOf = (document: vscode.TextDocument, start: number, end: number): vscode.Range => new vscode.Range(document.positionAt(start), document.positionAt(end));
