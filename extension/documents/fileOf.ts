import * as vscode from 'vscode';
import { NOTEBOOK_CELL_SCHEME } from './schemes.ts';

/** Returns the file of a document: a cell's notebook, or the future path of an unsaved file. */
export function fileOf(uri: vscode.Uri): vscode.Uri | undefined {
  if (uri.scheme === NOTEBOOK_CELL_SCHEME) return notebookOf(uri);
  if (uri.scheme === 'untitled') {
    const folder = vscode.workspace.workspaceFolders?.find((candidate) =>
      uri.path.startsWith(`${candidate.uri.path}/`),
    );
    return folder?.uri.with({ path: uri.path });
  }
  return uri;
}

/** Returns the notebook of a cell, if it is open. */
export function notebookOf(cell: vscode.Uri): vscode.Uri | undefined {
  const key = cell.toString();
  const holdsCell = ({ document }: vscode.NotebookCell): boolean => document.uri.toString() === key;
  return vscode.workspace.notebookDocuments.find((notebook) => notebook.getCells().some(holdsCell))?.uri;
}
