import type { DictationService } from '../../dictation/dictationService.ts';
import { DICTATE_REQUEST, STOP_DICTATION } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import { dictate, nothing } from '../schemas.ts';

/** Dictates for one client. Only that client can end the dictation: by a notification or by disconnecting. */
export function handleDictation(client: Client, dictation: DictationService): void {
  const running = new Set<AbortController>();
  client.connection.onRequest(DICTATE_REQUEST, dictate, async (params, signal) => {
    const { settings } = client;
    const stop = new AbortController();
    running.add(stop);
    try {
      const document =
        params.uri === undefined || settings.speech?.identifiers === false
          ? undefined
          : client.documents.get(params.uri);
      return await dictation.dictate({
        settings,
        document: document?.getText(),
        onChunk: (chunk) => client.connection.progress(DICTATE_REQUEST, params.partialResultToken, chunk),
        stop: stop.signal,
        signal,
      });
    } finally {
      running.delete(stop);
    }
  });
  client.connection.onNotification(STOP_DICTATION, nothing, () => {
    for (const stop of running) stop.abort();
  });
}
