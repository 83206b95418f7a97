import type { Client } from '../client.ts';
import { didChangeNotebook, didCloseNotebook, didOpenNotebook } from '../schemas.ts';

/** Keeps the notebooks in step with the editor, so that a cell's completion sees the cells around it. */
export function handleNotebooks(client: Client): void {
  const { connection, documents, notebooks } = client;

  connection.onNotification('notebookDocument/didOpen', didOpenNotebook, ({ notebookDocument, cellTextDocuments }) => {
    for (const cell of cellTextDocuments) documents.open(cell);
    notebooks.open(
      notebookDocument.uri,
      notebookDocument.cells.map(({ document }) => document),
    );
  });
  connection.onNotification('notebookDocument/didChange', didChangeNotebook, ({ notebookDocument, change }) => {
    const { structure, textContent } = change.cells ?? {};
    if (structure) {
      const { start, deleteCount, cells } = structure.array;
      notebooks.splice(notebookDocument.uri, start, deleteCount, cells?.map(({ document }) => document) ?? []);
      for (const cell of structure.didOpen ?? []) documents.open(cell);
      for (const { uri } of structure.didClose ?? []) documents.close(uri);
    }
    // All changes of a cell are applied at once. Applied one by one, each change costs as much as the cell's whole
    // text.
    const parts = new Map<string, NonNullable<typeof textContent>>();
    for (const part of textContent ?? []) {
      const known = parts.get(part.document.uri);
      if (known) known.push(part);
      else parts.set(part.document.uri, [part]);
    }
    for (const [uri, ofCell] of parts)
      documents.change(
        uri,
        ofCell.at(-1)?.document.version ?? 0,
        ofCell.flatMap(({ changes }) => changes),
      );
  });
  connection.onNotification(
    'notebookDocument/didClose',
    didCloseNotebook,
    ({ notebookDocument, cellTextDocuments }) => {
      notebooks.close(notebookDocument.uri);
      for (const { uri } of cellTextDocuments) documents.close(uri);
    },
  );
}
