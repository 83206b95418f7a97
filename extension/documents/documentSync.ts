import * as vscode from 'vscode';
import type { BaseLanguageClient, Middleware } from 'vscode-languageclient/node';
import { MAX_DOCUMENT_UNITS } from '../../sidecar/protocol/client.ts';
import type { DocumentPolicy } from './documentPolicy.ts';
import { NotebookSync } from './notebookSync.ts';
import { NOTEBOOK_CELL_SCHEME } from './schemes.ts';

/** The reason why no ghost text is requested, or 'sent' if the sidecar has the document. */
export type SyncResult = 'sent' | 'kept' | 'tooLarge' | 'closed';

/**
 * Sends the shown documents to the sidecar if the policy allows them. Only this class knows which documents the sidecar
 * has. A notebook cell is sent with the other cells of its notebook.
 */
export class DocumentSync implements vscode.Disposable {
  readonly #policy: DocumentPolicy;
  readonly #sent = new Map<string, Promise<SyncResult>>();
  readonly #notebooks: NotebookSync;
  readonly #onError: (error: unknown) => void;
  readonly #disposables: vscode.Disposable[];
  #client: BaseLanguageClient | undefined;

  constructor(policy: DocumentPolicy, onError: (error: unknown) => void) {
    this.#policy = policy;
    this.#onError = onError;
    const refresh = (): void => this.#refresh();
    this.#notebooks = new NotebookSync((cell) => this.#send(cell), onError);
    this.#disposables = [
      this.#notebooks,
      policy.onDidChange(refresh),
      vscode.window.onDidChangeVisibleTextEditors(refresh),
    ];
  }

  /** Part of the language client's middleware. It drops notifications about documents that were not sent. */
  readonly middleware: Pick<Middleware, 'didOpen' | 'didChange' | 'didClose' | 'didSave'> = {
    didOpen: async (document) => {
      if (isShown(document)) await this.ensureSent(document);
    },
    didChange: async (event, next) => {
      if (this.#sent.has(event.document.uri.toString())) await next(event);
    },
    didSave: async (document, next) => {
      if (this.#sent.has(document.uri.toString())) await next(document);
    },
    didClose: async (document, next) => {
      if (this.#sent.delete(document.uri.toString())) await next(document);
    },
  };

  /**
   * Takes a new connection and sends it the shown documents. `undefined` means that there is none. The client must have
   * started: before that it reports no changes, so text typed after a document was read would be lost.
   */
  attach(client: BaseLanguageClient | undefined): void {
    this.#client = client;
    this.#sent.clear();
    this.#notebooks.attach(client);
    this.#refresh();
  }

  /** Sends the document unless it was sent or must not be. Every request about a document waits for this first. */
  async ensureSent(document: vscode.TextDocument): Promise<SyncResult> {
    const result = await this.#send(document);
    if (result === 'sent' && document.uri.scheme === NOTEBOOK_CELL_SCHEME) await this.#notebooks.ensureSent(document);
    return result;
  }

  async #send(document: vscode.TextDocument): Promise<SyncResult> {
    const client = this.#client;
    const key = document.uri.toString();
    if ((await this.#policy.check(document.uri)) !== 'allowed') return 'kept';
    if (document.isClosed || client === undefined || client !== this.#client) return 'closed';
    const before = this.#sent.get(key);
    if (before) return before;
    const params = client.code2ProtocolConverter.asOpenTextDocumentParams(document);
    if (params.textDocument.text.length > MAX_DOCUMENT_UNITS) return 'tooLarge';
    // Changes pass from this line on, so no await may stand between reading the text and this line.
    const sent = client.sendNotification('textDocument/didOpen', params).then((): SyncResult => 'sent');
    this.#sent.set(key, sent);
    return sent;
  }

  /** A document whose rules are not read yet does not delay other documents. */
  #refresh(): void {
    for (const document of vscode.workspace.textDocuments) this.#refreshOne(document).catch(this.#onError);
  }

  async #refreshOne(document: vscode.TextDocument): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    const key = document.uri.toString();
    if (this.#sent.has(key)) {
      if ((await this.#policy.check(document.uri)) === 'allowed' || client !== this.#client || !this.#sent.delete(key))
        return;
      await client.sendNotification(
        'textDocument/didClose',
        client.code2ProtocolConverter.asCloseTextDocumentParams(document),
      );
    } else if (isShown(document)) {
      await this.ensureSent(document);
    }
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }
}

function isShown(document: vscode.TextDocument): boolean {
  return vscode.window.visibleTextEditors.some((editor) => editor.document === document);
}
