import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient/node';
import { cellsChange, openedNotebook } from './notebookMessages.ts';

/**
 * Tells the sidecar which cells a notebook has, in order, so that a cell is completed with those around it in view. The
 * cells' texts go as documents of their own, by the same policy as all others; a cell whose text was not sent is
 * nothing to the sidecar.
 */
export class NotebookSync implements vscode.Disposable {
  /** How many cells the sidecar knows of, by notebook. */
  readonly #told = new Map<string, number>();
  readonly #disposables: vscode.Disposable[];
  #client: BaseLanguageClient | undefined;

  constructor(
    private readonly sendCell: (document: vscode.TextDocument) => Promise<unknown>,
    onError: (error: unknown) => void,
  ) {
    this.#disposables = [
      vscode.workspace.onDidChangeNotebookDocument(({ notebook, contentChanges }) => {
        if (contentChanges.length > 0) this.#tellAgain(notebook).catch(onError);
      }),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => {
        this.#forget(notebook).catch(onError);
      }),
    ];
  }

  /** Begins with a fresh connection, which has no notebook yet; `undefined`: there is none. */
  attach(client: BaseLanguageClient | undefined): void {
    this.#client = client;
    this.#told.clear();
  }

  /** Makes sure that the sidecar has the cells around `cell`. Does nothing for a document that is no cell. */
  async ensureSent(cell: vscode.TextDocument): Promise<void> {
    const notebook = vscode.workspace.notebookDocuments.find((candidate) =>
      candidate.getCells().some(({ document }) => document === cell),
    );
    const client = this.#client;
    if (notebook === undefined || client === undefined) return;
    const key = notebook.uri.toString();
    const cells = notebook.getCells();
    if (!this.#told.has(key)) {
      this.#told.set(key, cells.length);
      await client.sendNotification('notebookDocument/didOpen', openedNotebook(asNotebook(client, notebook)));
    }
    await Promise.all(cells.map(({ document }) => this.sendCell(document)));
  }

  async #tellAgain(notebook: vscode.NotebookDocument): Promise<void> {
    const key = notebook.uri.toString();
    const client = this.#client;
    const toldCells = this.#told.get(key);
    if (client === undefined || toldCells === undefined) return;
    this.#told.set(key, notebook.cellCount);
    await client.sendNotification('notebookDocument/didChange', cellsChange(asNotebook(client, notebook), toldCells));
    await Promise.all(notebook.getCells().map(({ document }) => this.sendCell(document)));
  }

  async #forget(notebook: vscode.NotebookDocument): Promise<void> {
    const client = this.#client;
    if (client === undefined || !this.#told.delete(notebook.uri.toString())) return;
    const uri = client.code2ProtocolConverter.asUri(notebook.uri);
    // The cells are closed as the documents that they are.
    await client.sendNotification('notebookDocument/didClose', { notebookDocument: { uri }, cellTextDocuments: [] });
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }
}

function asNotebook(
  client: BaseLanguageClient,
  notebook: vscode.NotebookDocument,
): Parameters<typeof openedNotebook>[0] {
  const asUri = (uri: vscode.Uri): string => client.code2ProtocolConverter.asUri(uri);
  return {
    uri: asUri(notebook.uri),
    notebookType: notebook.notebookType,
    version: notebook.version,
    cells: notebook.getCells().map(({ kind, document }) => ({ kind, uri: asUri(document.uri) })),
  };
}
