import { type Cursor, readCursor } from '../../../sidecar/completion/cursor.ts';
import type { CompletionRequest } from '../../../sidecar/completion/request.ts';

/** Returns a request for a document in which `‸` marks the cursor. */
export function requestAt(marked: string, overrides: Partial<CompletionRequest> = {}): CompletionRequest {
  const offset = marked.indexOf('‸');
  if (offset < 0) throw new Error(`Expected a cursor mark ‸ in ${JSON.stringify(marked)}`);
  return {
    uri: 'file:///workspace/sample',
    languageId: 'typescript',
    text: marked.slice(0, offset) + marked.slice(offset + 1),
    offset,
    explicit: false,
    clientKey: 'window',
    settings: {},
    ...overrides,
  };
}

export function cursorAt(marked: string, languageId = 'typescript'): Cursor {
  const cursor = readCursor(requestAt(marked, { languageId }));
  if (cursor === undefined) throw new Error(`No cursor in ${JSON.stringify(marked)}`);
  return cursor;
}
