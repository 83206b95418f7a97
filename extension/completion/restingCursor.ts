import * as vscode from 'vscode';
import { EDIT_MOVES_MS, REST_MS } from './restTimes.ts';

/** Watches where the user puts the cursor without typing: that is where they type next. */
export class RestingCursor implements vscode.Disposable {
  readonly #disposables: readonly vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  /**
   * Has just become the active editor. What its document is opened with, such as the match of a search, may be selected
   * only now.
   */
  #arriving: vscode.TextEditor | undefined;
  readonly #editedAtMs = new WeakMap<vscode.TextDocument, number>();

  /**
   * `onRest`: one cursor stands still in `document`. It has no selection, or is the active end of one that an editor
   * came with: what the user selects by mouse or keyboard is no place to type at.
   */
  constructor(private readonly onRest: (document: vscode.TextDocument, position: vscode.Position) => void) {
    this.#disposables = [
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#editedAtMs.set(document, Date.now())),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
        // What happens in an editor beside the active one moves nothing that rests.
        if (textEditor === vscode.window.activeTextEditor)
          this.#moved(textEditor, textEditor === this.#arriving && !isOfUser(kind));
      }),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.#moved(editor, true)),
    ];
  }

  #moved(editor: vscode.TextEditor | undefined, isArriving: boolean): void {
    clearTimeout(this.#timer);
    this.#arriving = undefined;
    if (editor === undefined) return;
    const { document, selection } = editor;
    if (Date.now() - (this.#editedAtMs.get(document) ?? -Infinity) < EDIT_MOVES_MS) return;
    if (editor.selections.length > 1 || (!selection.isEmpty && !isArriving)) return;
    if (isArriving) this.#arriving = editor;
    const { version } = document;
    this.#timer = setTimeout(() => {
      this.#arriving = undefined;
      if (
        document.version === version &&
        vscode.window.activeTextEditor === editor &&
        editor.selection.isEqual(selection)
      )
        this.onRest(document, selection.active);
    }, REST_MS);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }
}

function isOfUser(kind: vscode.TextEditorSelectionChangeKind | undefined): boolean {
  return kind === vscode.TextEditorSelectionChangeKind.Keyboard || kind === vscode.TextEditorSelectionChangeKind.Mouse;
}
