import { CURSOR_NOTIFICATION } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import type { Completing } from '../clientServices.ts';
import { completionRequest } from '../completionRequest.ts';
import type { Log } from '../log.ts';
import { restingCursor } from '../schemas.ts';

/** The cursor rests at a place where a completion may be asked for next. */
export function handleCursor(client: Client, completing: Completing, log: Log): void {
  client.connection.onNotification(CURSOR_NOTIFICATION, restingCursor, ({ textDocument, position }) => {
    // It may have been closed meanwhile.
    if (!client.documents.get(textDocument.uri)) return;
    const found = completionRequest(client, textDocument.uri, position, { explicit: false });
    if (found)
      completing
        .cursorRests(found.request)
        .catch((error: unknown) => log.error('Nothing could be read at the cursor', error));
  });
}
