import type { Range } from 'vscode-languageserver-protocol';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { fittingDocuments } from '../../nextEdits/fittingDocuments.ts';
import type { QuickFix, RecentEdit, SourceDocument } from '../../nextEdits/suggester.ts';
import {
  MAX_DOCUMENT_UNITS,
  NEXT_EDIT_REQUEST,
  type NextEdit,
  type NextEditFix,
  type NextEditResult,
} from '../../protocol/client.ts';
import type { IndexThread } from '../../workspaceIndex/indexThread.ts';
import type { Client } from '../client.ts';
import { nextEdit } from '../schemas.ts';

/** The most open documents that are searched, the last edited first. */
const MAX_DOCUMENTS = 16;

/**
 * Answers requests for the changes that follow from the last edits. Clients open only documents that may be read, so
 * nothing is suggested from or into others.
 */
export function handleNextEdit(client: Client, index: IndexThread): void {
  client.connection.onRequest(NEXT_EDIT_REQUEST, nextEdit, async ({ fixes = [] }): Promise<NextEditResult> => {
    const edits = client.journal.recent(Date.now());
    if (edits.length === 0) return { suggestions: [] };
    const versions = new Map(client.documents.uris.map((uri) => [uri, client.documents.get(uri)?.version]));
    const documents = openDocuments(client, edits);
    const found = await index.ask('nextEdits', {
      workspace: client.indexKey,
      request: {
        edits,
        documents,
        undone: Object.fromEntries(documents.map(({ uri }) => [uri, client.journal.undone(uri)])),
        fixes: fixes.flatMap((fix) => quickFix(client, fix)),
      },
    });
    return {
      suggestions: found.map(({ uri, kind, confidence, places }): NextEdit => {
        const version = versions.get(uri);
        return { uri, ...(version === undefined ? {} : { version }), kind, confidence, edits: places };
      }),
    };
  });
}

/** Returns the open documents, the last edited first, as many as fit the limits. */
function openDocuments(client: Client, edits: readonly RecentEdit[]): SourceDocument[] {
  const uris = [...new Set([...edits.map(({ uri }) => uri), ...client.documents.uris])];
  const documents = uris.slice(0, MAX_DOCUMENTS).flatMap((uri) => {
    const document = client.documents.get(uri);
    if (document === undefined) return [];
    const path = client.files?.pathOf(uri) ?? uri;
    return [{ uri, path, languageId: document.languageId, text: document.getText() }];
  });
  return fittingDocuments(documents, 2 * MAX_DOCUMENT_UNITS);
}

function quickFix(client: Client, { textDocument, title, range, edits, isPreferred }: NextEditFix): QuickFix[] {
  const document = client.documents.get(textDocument.uri);
  if (document === undefined) return [];
  const [start, end] = offsetsOf(document, range);
  return [
    {
      uri: textDocument.uri,
      title,
      start,
      end,
      edits: edits.map((edit) => [...offsetsOf(document, edit.range), edit.newText] as const),
      isPreferred,
    },
  ];
}

function offsetsOf(document: TextDocument, { start, end }: Range): readonly [number, number] {
  return [document.offsetAt(start), document.offsetAt(end)];
}
