import * as vscode from 'vscode';

/** Calls `onInput` at each sign that the user works in this window: edits, cursors, scrolling, files and the focus. */
export function onWindowInput(onInput: () => void): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      // Output channels change without a user.
      if (contentChanges.length > 0 && document.uri.scheme !== 'output') onInput();
    }),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
      if (textEditor.document.uri.scheme !== 'output') onInput();
    }),
    vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => {
      if (textEditor.document.uri.scheme !== 'output') onInput();
    }),
    vscode.window.onDidChangeActiveTextEditor(onInput),
    vscode.window.onDidChangeActiveTerminal(onInput),
    vscode.window.onDidChangeWindowState(onInput),
  );
}
