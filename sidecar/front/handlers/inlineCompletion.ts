import type { InlineCompletionItem, InlineCompletionList } from 'vscode-languageserver-protocol';
import { ACCEPTED_COMMAND, type CompletionItemExtras, type CompletionListExtras } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import type { Completing } from '../clientServices.ts';
import { completionRequest } from '../completionRequest.ts';
import { inlineCompletion } from '../schemas.ts';

const EXPLICIT = 1;

/** Answers requests for ghost text. */
export function handleInlineCompletion(client: Client, completing: Completing): void {
  client.connection.onRequest(
    'textDocument/inlineCompletion',
    inlineCompletion,
    async (params, signal): Promise<(InlineCompletionList & CompletionListExtras) | null> => {
      const found = completionRequest(client, params.textDocument.uri, params.position, {
        explicit: params.context.triggerKind === EXPLICIT,
        selected: params.context.selectedCompletionInfo ?? undefined,
      });
      if (!found) return null;
      let isOutOfTime = false;
      const answers = await completing.complete(found.request, signal, () => (isOutOfTime = true));
      return {
        ...(isOutOfTime ? { isOutOfTime } : {}),
        items: answers.map((completion): InlineCompletionItem => {
          const extras: CompletionItemExtras = {
            completionId: completion.id,
            textLength: completion.text.length,
            cached: completion.cached,
          };
          return {
            insertText: completion.text,
            range: {
              start: found.document.positionAt(completion.start),
              end: found.document.positionAt(completion.end),
            },
            command: { title: '', command: ACCEPTED_COMMAND, arguments: [extras] },
          };
        }),
      };
    },
  );
}
