import type { CompletionService } from '../../completion/completionService.ts';
import { CONTEXT_REQUEST, type ContextResult } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import type { Completing } from '../clientServices.ts';
import { context, didChangeConfiguration } from '../schemas.ts';

/** Returns the workspace context that a document's prompts contain. */
export function handleContext(client: Client, completing: Completing, completions: CompletionService): void {
  client.connection.onRequest(CONTEXT_REQUEST, context, async ({ uri }): Promise<ContextResult> => ({
    index: client.files?.state ?? { state: 'off', files: 0 },
    ...(await completing.context(client.key, uri, client.settings.context ?? {})),
  }));
  client.connection.onNotification('workspace/didChangeConfiguration', didChangeConfiguration, ({ settings }) => {
    if (settings.chorus.settings.context?.readAhead === false) completions.stopReadingAhead(client.key);
  });
}
