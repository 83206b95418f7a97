import { ErrorCodes, ResponseError, type Position, type Range } from 'vscode-languageserver-protocol/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { CompletionRequest } from '../completion/request.ts';
import type { Client } from './client.ts';

/** The document as it is now, and the question about it. */
export interface FoundRequest {
  readonly document: DocumentSnapshot;
  readonly request: CompletionRequest;
}

/** Positions of a document's text at one moment. */
export type DocumentSnapshot = Pick<TextDocument, 'positionAt'>;

/**
 * What the completion service is asked for a position in a document of `client`. Gives `undefined` for a document that was refused for its
 * size. Throws "invalid params" for one that is not open.
 */
export function completionRequest(
  client: Client,
  uri: string,
  position: Position,
  how: { explicit: boolean; selected?: { range: Range; text: string } | undefined },
): FoundRequest | undefined {
  if (client.documents.isTooLarge(uri)) return undefined;
  const document = client.documents.get(uri);
  if (!document) throw new ResponseError(ErrorCodes.InvalidParams, 'params.textDocument.uri: this document is not open');
  const offset = document.offsetAt(position);
  const selected = how.selected && {
    start: document.offsetAt(how.selected.range.start),
    end: document.offsetAt(how.selected.range.end),
    text: how.selected.text,
  };
  return {
    document,
    request: {
      uri,
      languageId: document.languageId,
      text: document.getText(),
      offset,
      explicit: how.explicit,
      ...(selected ? { selectedCompletion: selected } : {}),
      clientKey: client.key,
      settings: client.settings.completion ?? {},
    },
  };
}
