import { MessageType } from 'vscode-languageserver-protocol';
import { MAX_DOCUMENT_UNITS, SHOW_MESSAGE_NOTIFICATION } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import { didChange, didClose, didOpen } from '../schemas.ts';

/** Keeps the documents in step with the editor. */
export function handleDocuments(client: Client): void {
  const { connection, documents } = client;

  const refuse = (uri: string): void => {
    const message = `Chorus leaves ${lastSegment(uri)} alone: it has more than ${MAX_DOCUMENT_UNITS.toLocaleString('en')} characters.`;
    connection.notify(SHOW_MESSAGE_NOTIFICATION, { type: MessageType.Warning, message });
  };

  connection.onNotification('textDocument/didOpen', didOpen, ({ textDocument }) => {
    if (!documents.open(textDocument)) refuse(textDocument.uri);
  });
  connection.onNotification('textDocument/didChange', didChange, ({ textDocument, contentChanges }) => {
    if (!documents.change(textDocument.uri, textDocument.version ?? 0, contentChanges)) refuse(textDocument.uri);
  });
  connection.onNotification('textDocument/didClose', didClose, ({ textDocument }) => {
    documents.close(textDocument.uri);
  });
}

function lastSegment(uri: string): string {
  const segment = uri.slice(uri.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
