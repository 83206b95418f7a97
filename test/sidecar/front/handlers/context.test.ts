import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompletionService } from '../../../../sidecar/completion/completionService.ts';
import { Client } from '../../../../sidecar/front/client.ts';
import type { Completing } from '../../../../sidecar/front/clientServices.ts';
import { handleContext } from '../../../../sidecar/front/handlers/context.ts';
import type { LspConnection } from '../../../../sidecar/front/lspConnection.ts';

type Change = (params: { readonly settings: { readonly chorus: { readonly settings: Client['settings'] } } }) => void;

/** Sends these settings to the handler. Returns the clients whose reading ahead was stopped. */
function stoppedBy(settings: Client['settings']): { readonly client: Client; readonly stopped: readonly string[] } {
  let change: Change | undefined;
  const connection = {
    onRequest: () => undefined,
    onNotification: (method: string, _: unknown, handle: Change) =>
      void (method === 'workspace/didChangeConfiguration' && (change = handle)),
  };
  const client = new Client(1, connection as unknown as LspConnection, '');
  const stopped: string[] = [];
  handleContext(
    client,
    {} as Completing,
    { stopReadingAhead: (key: string) => stopped.push(key) } as unknown as CompletionService,
  );
  change?.({ settings: { chorus: { settings } } });
  return { client, stopped };
}

describe('changed settings', () => {
  it('stop reading ahead for a client that turns it off', () => {
    const { client, stopped } = stoppedBy({ context: { readAhead: false } });
    assert.deepEqual(stopped, [client.key]);
  });

  for (const settings of [{ context: { readAhead: true } }, { context: {} }, {}]) {
    it(`let reading ahead go on for ${JSON.stringify(settings)}`, () =>
      assert.deepEqual(stoppedBy(settings).stopped, []));
  }
});
