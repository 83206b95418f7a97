import { ErrorCodes, ResponseError, type Position, type Range } from 'vscode-languageserver-protocol/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { CompletionRequest } from '../completion/request.ts';
import type { Client } from './client.ts';

/** A snapshot of the document, and the completion request for it. */
export interface FoundRequest {
  readonly document: TextDocument;
  readonly request: CompletionRequest;
}

/**
 * Returns the completion request for a position in a document of `client`. Returns `undefined` for a document that was
 * refused for its size. Throws "invalid params" for a document that is not open.
 */
export function completionRequest(
  client: Client,
  uri: string,
  position: Position,
  how: { explicit: boolean; selected?: { range: Range; text: string } | undefined },
): FoundRequest | undefined {
  if (client.documents.isTooLarge(uri)) return undefined;
  const live = client.documents.get(uri);
  if (!live) throw new ResponseError(ErrorCodes.InvalidParams, 'params.textDocument.uri: this document is not open');
  // The document may change while the model computes.
  const document = TextDocument.create(uri, live.languageId, live.version, live.getText());
  const offset = document.offsetAt(position);
  const selected = how.selected && {
    start: document.offsetAt(how.selected.range.start),
    end: document.offsetAt(how.selected.range.end),
    text: how.selected.text,
  };
  const notebookCells = client.notebooks.around(uri);
  return {
    document,
    request: {
      uri,
      languageId: document.languageId,
      text: document.getText(),
      offset,
      explicit: how.explicit,
      ...(selected ? { selectedCompletion: selected } : {}),
      ...(notebookCells ? { notebookCells } : {}),
      clientKey: client.key,
      contextSet: client.keepingAsked(),
      expert: (model) => client.expert(model),
      settings: client.settings.completion ?? {},
      workspace: client.files?.state.state === 'off' ? undefined : client.files,
      contextSettings: client.settings.context ?? {},
    },
  };
}
