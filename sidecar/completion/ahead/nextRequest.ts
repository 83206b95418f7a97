import { opensBlock } from '../../syntax/blocks.ts';
import { readCursor } from '../cursor.ts';
import type { Completion, CompletionRequest } from '../request.ts';

/** Returns the editor's request after a completion is accepted. */
export function afterAccepting(
  request: CompletionRequest,
  completion: Pick<Completion, 'text' | 'start' | 'end'>,
): CompletionRequest {
  return {
    ...request,
    selectedCompletion: undefined,
    text: request.text.slice(0, completion.start) + completion.text + request.text.slice(completion.end),
    offset: completion.start + completion.text.length,
    explicit: false,
  };
}

/**
 * Returns the editor's request after Enter is pressed at the end of a line. Returns `undefined` if text follows the
 * cursor, or if the next line would have another indentation.
 */
export function afterEnter(request: CompletionRequest): CompletionRequest | undefined {
  const cursor = readCursor(request);
  if (cursor === undefined || cursor.lineSuffix !== '' || opensBlock(cursor.linePrefix, cursor.syntax))
    return undefined;
  const added = cursor.eol + (/^[ \t]*/.exec(cursor.linePrefix)?.[0] ?? '');
  const { text, offset } = request;
  return { ...request, text: text.slice(0, offset) + added + text.slice(offset), offset: offset + added.length };
}
