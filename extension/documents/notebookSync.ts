import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient/node';
import { cellsChange, openedNotebook } from './notebookMessages.ts';

/**
 * Tells the sidecar the cells of a notebook in order, so that the completion of a cell sees the cells around it. The
 * cells' texts are sent as documents, by the same policy as all documents. The sidecar ignores a cell whose text was
 * not sent.
 */
export class NotebookSync implements vscode.Disposable {
  /** The number of cells that the sidecar knows, by notebook. */
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

  /** Takes a new connection, which has no notebook yet. `undefined` means that there is none. */
  attach(client: BaseLanguageClient | undefined): void {
    this.#client = client;
    this.#told.clear();
  }

  /** Ensures that the sidecar has the cells around `cell`. Does nothing for a document that is not a cell. */
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
    // The cells are closed as documents.
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
