import { TextDocument } from 'vscode-languageserver-textdocument';
import { Message, type NotificationMessage, type RequestMessage, type ResponseMessage } from 'vscode-jsonrpc/node';
import type {
  DidChangeTextDocumentParams,
  DidCloseTextDocumentParams,
  DidOpenTextDocumentParams,
} from 'vscode-languageserver-protocol';
import type { Trouble } from '../protocol/client.ts';

type Id = string | number | null;

/**
 * The state of an editor, so that the next server can get the same. It has the settings, the open documents as they are
 * now, and requests without a response. Notebooks are not included; their cells must be opened again.
 */
export class EditorState {
  #initialize: RequestMessage | undefined;
  #initialized: Message | undefined;
  #configuration: Message | undefined;
  readonly #documents = new Map<string, TextDocument>();
  readonly #unanswered = new Map<Id, RequestMessage>();

  /** The `initialize` request that was answered. The next server must get it first. */
  get initialize(): RequestMessage | undefined {
    return this.#initialize && !this.#unanswered.has(this.#initialize.id) ? this.#initialize : undefined;
  }

  /** Notes a message from the editor. */
  sent(message: Message): void {
    if (Message.isRequest(message)) {
      this.#unanswered.set(message.id, message);
      if (message.method === 'initialize') this.#initialize = message;
    } else if (Message.isNotification(message)) {
      try {
        this.#notified(message);
      } catch {
        // The message is not valid LSP, so the server will refuse it.
      }
    }
  }

  /**
   * Notes a response to the editor. Returns false if it is not for the editor, since a leaving server only passed the
   * request on to the next.
   */
  answered(message: Message): boolean {
    if (!Message.isResponse(message)) return true;
    if (isDraining(message)) return false;
    this.#unanswered.delete(message.id);
    return true;
  }

  /** Cancels a request that no server has. Returns false if there is no request with this id. */
  cancel(id: Id): boolean {
    return this.#unanswered.delete(id);
  }

  /** Returns the messages for the next server, in order, after `initialize`. */
  replay(): Message[] {
    const opened = [...this.#documents.values()].map((document) => ({
      jsonrpc: '2.0',
      method: 'textDocument/didOpen',
      params: {
        textDocument: {
          uri: document.uri,
          languageId: document.languageId,
          version: document.version,
          text: document.getText(),
        },
      },
    }));
    return [this.#initialized, this.#configuration, ...opened, ...this.#unanswered.values()].filter(
      (message) => message !== undefined,
    );
  }

  #notified(message: NotificationMessage): void {
    switch (message.method) {
      case 'initialized':
        this.#initialized = message;
        break;
      case 'workspace/didChangeConfiguration':
        this.#configuration = message;
        break;
      case 'textDocument/didOpen': {
        const { uri, languageId, version, text } = (message.params as DidOpenTextDocumentParams).textDocument;
        this.#documents.set(uri, TextDocument.create(uri, languageId, version, text));
        break;
      }
      case 'textDocument/didChange': {
        const { textDocument, contentChanges } = message.params as DidChangeTextDocumentParams;
        const document = this.#documents.get(textDocument.uri);
        if (document) TextDocument.update(document, contentChanges, textDocument.version);
        break;
      }
      case 'textDocument/didClose':
        this.#documents.delete((message.params as DidCloseTextDocumentParams).textDocument.uri);
        break;
    }
  }
}

/** Whether a leaving server passes a request on to the next server. */
export function isDraining({ error }: ResponseMessage): boolean {
  return (error?.data as Partial<Trouble> | undefined)?.code === 'draining';
}
