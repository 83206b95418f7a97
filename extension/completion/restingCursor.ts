import * as vscode from 'vscode';
import { EDIT_MOVES_MS, REST_MS } from './restTimes.ts';

/** Watches where the user puts the cursor without typing, since the user types there next. */
export class RestingCursor implements vscode.Disposable {
  readonly #disposables: readonly vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  /**
   * The editor that has just become active. Its initial selection, such as the match of a search, may come only now.
   */
  #arriving: vscode.TextEditor | undefined;
  readonly #editedAtMs = new WeakMap<vscode.TextDocument, number>();

  /**
   * `onRest` is called when a single cursor rests in `document`. It has no selection, or is the active end of the
   * selection that the editor was opened with. A selection by mouse or keyboard does not count, since the user does not
   * type there.
   */
  constructor(private readonly onRest: (document: vscode.TextDocument, position: vscode.Position) => void) {
    this.#disposables = [
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#editedAtMs.set(document, Date.now())),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
        // Events of an editor beside the active one do not move the resting cursor.
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
