import * as vscode from 'vscode';

/** The most characters of a new text that are shown. */
const MAX_SHOWN_UNITS = 200;

/** What is shown of a suggested change. */
export interface ShownNextEdit {
  /** The editor with the cursor, where the hint stands at the end of the line. */
  readonly editor: vscode.TextEditor;
  readonly hint: string;
  /** The change, if its document is in this editor. */
  readonly place?: { readonly range: vscode.Range; readonly newText: string };
}

/** Shows a suggested change: the old text struck through, the new text behind it, and a hint on the cursor's line. */
export class NextEditDecorations implements vscode.Disposable {
  readonly #removed = vscode.window.createTextEditorDecorationType({
    textDecoration: 'line-through',
    backgroundColor: new vscode.ThemeColor('diffEditor.removedTextBackground'),
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.modifiedForeground'),
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  readonly #added = vscode.window.createTextEditorDecorationType({
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  readonly #hint = vscode.window.createTextEditorDecorationType({
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  #editor: vscode.TextEditor | undefined;

  show({ editor, hint, place }: ShownNextEdit): void {
    if (this.#editor !== editor) this.clear();
    this.#editor = editor;
    const lineEnd = editor.document.lineAt(editor.selection.active.line).range.end;
    editor.setDecorations(this.#removed, place ? [place.range] : []);
    editor.setDecorations(this.#added, place?.newText ? [addedText(place.range.end, place.newText)] : []);
    editor.setDecorations(this.#hint, [hintAt(lineEnd, hint)]);
  }

  clear(): void {
    for (const type of [this.#removed, this.#added, this.#hint]) this.#editor?.setDecorations(type, []);
    this.#editor = undefined;
  }

  dispose(): void {
    for (const type of [this.#removed, this.#added, this.#hint]) type.dispose();
  }
}

function addedText(position: vscode.Position, newText: string): vscode.DecorationOptions {
  const line = newText.replaceAll(/\r?\n/g, '↵');
  const contentText = line.length > MAX_SHOWN_UNITS ? `${line.slice(0, MAX_SHOWN_UNITS)}…` : line;
  return {
    range: new vscode.Range(position, position),
    renderOptions: {
      // Spaces at the ends of a content text collapse.
      after: {
        contentText: contentText.replaceAll(' ', '\u00a0'),
        backgroundColor: new vscode.ThemeColor('diffEditor.insertedTextBackground'),
        border: '1px solid',
        borderColor: new vscode.ThemeColor('editorGhostText.foreground'),
      },
    },
  };
}

function hintAt(position: vscode.Position, hint: string): vscode.DecorationOptions {
  return {
    range: new vscode.Range(position, position),
    renderOptions: {
      after: { contentText: hint, margin: '0 0 0 2em', color: new vscode.ThemeColor('editorGhostText.foreground') },
    },
  };
}
