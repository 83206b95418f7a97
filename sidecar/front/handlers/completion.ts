import { CompletionItemKind, type CompletionItem, type CompletionList } from 'vscode-languageserver-protocol';
import type { Client } from '../client.ts';
import type { Completing } from '../clientServices.ts';
import { completionRequest } from '../completionRequest.ts';
import { completion } from '../schemas.ts';

const INVOKED = 1;
const MAX_LABEL_UNITS = 80;

/** Answers `textDocument/completion` with each ghost text as a list item, for editors without inline completion. */
export function handleCompletion(client: Client, completing: Completing): void {
  client.connection.onRequest(
    'textDocument/completion',
    completion,
    async (params, signal): Promise<CompletionList | null> => {
      const found = completionRequest(client, params.textDocument.uri, params.position, {
        explicit: (params.context?.triggerKind ?? INVOKED) === INVOKED,
      });
      if (!found) return null;
      const { text, offset } = found.request;
      const answers = await completing.complete(found.request, signal);
      // Editors filter a list by the word at the cursor and replace that word. So the item begins with the word.
      const wordStart =
        offset - (/[\p{L}\p{N}_$]*$/u.exec(text.slice(Math.max(0, offset - 200), offset))?.[0].length ?? 0);
      return {
        isIncomplete: true,
        items: answers.map((answer): CompletionItem => {
          const word = text.slice(wordStart, Math.max(wordStart, answer.start));
          const start = Math.min(wordStart, answer.start);
          const newText = word + answer.text;
          return {
            label: label(newText),
            kind: CompletionItemKind.Text,
            detail: 'Chorus',
            documentation: newText,
            filterText: newText.split('\n', 1)[0] ?? newText,
            sortText: '0',
            textEdit: {
              range: { start: found.document.positionAt(start), end: found.document.positionAt(answer.end) },
              newText,
            },
          };
        }),
      };
    },
  );
}

/** Returns the first line that is not blank. */
function label(text: string): string {
  const line =
    text
      .split('\n')
      .find((candidate) => candidate.trim() !== '')
      ?.trim() ?? text;
  return line.length > MAX_LABEL_UNITS ? `${line.slice(0, MAX_LABEL_UNITS - 1)}…` : line;
}
