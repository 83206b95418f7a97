import * as vscode from 'vscode';
import { EDIT_MOVES_MS, REST_MS } from './restTimes.ts';

/** Watches where the user puts the cursor without typing: that is where they type next. */
export class RestingCursor implements vscode.Disposable {
  readonly #disposables: readonly vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  readonly #editedAtMs = new WeakMap<vscode.TextDocument, number>();

  /** `onRest`: one cursor, without a selection, stands still in `document`. */
  constructor(private readonly onRest: (document: vscode.TextDocument, position: vscode.Position) => void) {
    this.#disposables = [
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#editedAtMs.set(document, Date.now())),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.#moved(textEditor)),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.#moved(editor)),
    ];
  }

  #moved(editor: vscode.TextEditor | undefined): void {
    clearTimeout(this.#timer);
    if (editor === undefined) return;
    const { document, selection } = editor;
    if (Date.now() - (this.#editedAtMs.get(document) ?? -Infinity) < EDIT_MOVES_MS) return;
    if (editor.selections.length > 1 || !selection.isEmpty) return;
    const { version } = document;
    this.#timer = setTimeout(() => {
      if (document.version === version && vscode.window.activeTextEditor === editor && editor.selection.isEqual(selection)) this.onRest(document, selection.active);
    }, REST_MS);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }
}
