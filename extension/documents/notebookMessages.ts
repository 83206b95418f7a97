import type {
  DidChangeNotebookDocumentParams,
  DidOpenNotebookDocumentParams,
  NotebookCell,
} from 'vscode-languageclient/node';

/** A notebook in LSP's terms. */
export interface SyncedNotebook {
  readonly uri: string;
  readonly notebookType: string;
  readonly version: number;
  /** In order. `kind` is 1 for markup and 2 for code, in VS Code as in LSP. */
  readonly cells: readonly { readonly kind: 1 | 2; readonly uri: string }[];
}

/**
 * Returns the `notebookDocument/didOpen` message with only the cells' places. Their texts are sent as text documents.
 */
export function openedNotebook({ uri, notebookType, version, cells }: SyncedNotebook): DidOpenNotebookDocumentParams {
  return { notebookDocument: { uri, notebookType, version, cells: cells.map(asCell) }, cellTextDocuments: [] };
}

/**
 * Returns the `notebookDocument/didChange` message that replaces the `toldCells` cells sent before with the current
 * ones.
 */
export function cellsChange(
  { uri, version, cells }: SyncedNotebook,
  toldCells: number,
): DidChangeNotebookDocumentParams {
  const array = { start: 0, deleteCount: toldCells, cells: cells.map(asCell) };
  return { notebookDocument: { uri, version }, change: { cells: { structure: { array } } } };
}

function asCell({ kind, uri }: SyncedNotebook['cells'][number]): NotebookCell {
  return { kind, document: uri };
}
