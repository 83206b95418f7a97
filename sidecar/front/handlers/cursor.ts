import { CURSOR_NOTIFICATION } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import type { Completing } from '../clientServices.ts';
import { completionRequest } from '../completionRequest.ts';
import type { Log } from '../log.ts';
import { restingCursor } from '../schemas.ts';

/** Reads ahead when the cursor rests at a position where the client may request a completion next. */
export function handleCursor(client: Client, completing: Completing, log: Log): void {
  client.connection.onNotification(CURSOR_NOTIFICATION, restingCursor, ({ textDocument, position }) => {
    // The document may have been closed meanwhile.
    if (!client.documents.get(textDocument.uri)) return;
    const found = completionRequest(client, textDocument.uri, position, { explicit: false });
    if (found)
      completing
        .cursorRests(found.request)
        .catch((error: unknown) => log.error('Reading ahead at the cursor failed', error));
  });
}
