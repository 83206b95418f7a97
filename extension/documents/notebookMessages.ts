import type {
  DidChangeNotebookDocumentParams,
  DidOpenNotebookDocumentParams,
  NotebookCell,
} from 'vscode-languageclient/node';

/** A notebook in the words of LSP. */
export interface SyncedNotebook {
  readonly uri: string;
  readonly notebookType: string;
  readonly version: number;
  /** In order; `kind` is 1 for markup and 2 for code, in VS Code as in LSP. */
  readonly cells: readonly { readonly kind: 1 | 2; readonly uri: string }[];
}

/** `notebookDocument/didOpen`, with the cells' places alone: their texts are sent as text documents. */
export function openedNotebook({ uri, notebookType, version, cells }: SyncedNotebook): DidOpenNotebookDocumentParams {
  return { notebookDocument: { uri, notebookType, version, cells: cells.map(asCell) }, cellTextDocuments: [] };
}

/**
 * `notebookDocument/didChange` that puts the cells as they are now in place of the `toldCells` that were told before.
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
