import type { Range } from 'vscode-languageserver-protocol';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { EditWriter, WrittenEdit } from '../../completion/rewriting/editWriter.ts';
import { fittingDocuments } from '../../nextEdits/fittingDocuments.ts';
import type { Undone } from '../../nextEdits/editJournal.ts';
import { placedSuggestion, type PlacedSuggestion } from '../../nextEdits/suggestNextEdits.ts';
import type { QuickFix, RecentEdit, SourceDocument } from '../../nextEdits/suggester.ts';
import {
  MAX_DOCUMENT_UNITS,
  NEXT_EDIT_REQUEST,
  type NextEdit,
  type NextEditFix,
  SHOWN_CONFIDENCE,
} from '../../protocol/client.ts';
import type { IndexThread } from '../../workspaceIndex/indexThread.ts';
import type { Client } from '../client.ts';
import type { ClientServices } from '../clientServices.ts';
import type { Log } from '../log.ts';
import { nextEdit } from '../schemas.ts';

/** The most open documents that are searched, the last edited first. */
const MAX_DOCUMENTS = 16;

/**
 * The share of the model's changes that are right, less what few commits can tell
 * ([measured](../../../docs/results/next-edits-model.md)).
 */
const MODEL_CONFIDENCE = SHOWN_CONFIDENCE;

interface NextEditServices {
  readonly index: IndexThread;
  readonly editWriter: EditWriter;
  readonly log: Log;
}

/**
 * Answers requests for the changes that follow from the last edits. Clients open only documents that may be read, so
 * nothing is suggested from or into others.
 */
export function handleNextEdit(
  client: Client,
  services: Pick<ClientServices, 'isLocal'>,
  { index, editWriter, log }: NextEditServices,
): void {
  client.connection.onRequest(NEXT_EDIT_REQUEST, nextEdit, async ({ fixes = [], model }, signal) => {
    const edits = client.journal.recent(Date.now());
    if (edits.length === 0) return { suggestions: [] };
    const versions = new Map(client.documents.uris.map((uri) => [uri, client.documents.get(uri)?.version]));
    const documents = openDocuments(client, edits);
    const undone = Object.fromEntries(documents.map(({ uri }) => [uri, client.journal.undone(uri)]));
    const workspace = client.indexKey;
    const found = await index.ask('nextEdits', {
      workspace,
      request: { edits, documents, undone, fixes: fixes.flatMap((fix) => quickFix(client, fix)) },
    });
    const isAsked = model === true && services.isLocal && !signal.aborted;
    const written =
      isAsked && !found.some(({ confidence }) => confidence >= SHOWN_CONFIDENCE)
        ? await editWriter
            .write(
              {
                clientKey: client.key,
                edits,
                documents,
                breaksSyntax: (document, edit) => index.ask('breaksSyntax', { workspace, document, edit }),
              },
              signal,
            )
            .catch((error: unknown) => {
              log.error('The model could not write a next edit', error);
              return [];
            })
        : [];
    const ofModel = written.flatMap((each) => modelSuggestion(each, documents, undone[each.uri]) ?? []);
    return { suggestions: [...ofModel, ...found].map((suggestion) => resultOf(suggestion, versions)) };
  });
}

function modelSuggestion(
  { uri, edit }: WrittenEdit,
  documents: readonly SourceDocument[],
  undone: readonly Undone[] | undefined,
): PlacedSuggestion | undefined {
  const text = documents.find((document) => document.uri === uri)?.text;
  if (text === undefined) return undefined;
  return placedSuggestion({ uri, kind: 'model', confidence: MODEL_CONFIDENCE, edits: [edit] }, { text, undone });
}

function resultOf(
  { uri, kind, confidence, places }: PlacedSuggestion,
  versions: ReadonlyMap<string, number | undefined>,
): NextEdit {
  const version = versions.get(uri);
  return { uri, ...(version === undefined ? {} : { version }), kind, confidence, edits: places };
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
