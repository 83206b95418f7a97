import type { CompletionService } from '../../completion/completionService.ts';
import { COMPLETION_FEEDBACK, STATISTICS_REQUEST } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import { completionFeedback, nothing } from '../schemas.ts';

/** Counts how completions were used. The counts are sent to no other program. */
export function handleFeedback(client: Client, completions: CompletionService): void {
  client.connection.onNotification(COMPLETION_FEEDBACK, completionFeedback, (feedback) =>
    completions.feedback(feedback),
  );
  client.connection.onRequest(STATISTICS_REQUEST, nothing, () => completions.statistics());
}
