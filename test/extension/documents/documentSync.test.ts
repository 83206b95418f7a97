import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import './support/useFakeVscode.ts';
import { FakeDocument } from './support/fakeDocument.ts';
import { fake, Uri } from './support/vscode.ts';

const { DocumentSync } = await import('../../../extension/documents/documentSync.ts');
type Policy = ConstructorParameters<typeof DocumentSync>[0];
type Client = Parameters<InstanceType<typeof DocumentSync>['attach']>[0];

function clientInto(opened: string[]): Client {
  const code2ProtocolConverter = { asOpenTextDocumentParams: ({ uri, text }: FakeDocument) => ({ textDocument: { uri: uri.path, text } }) };
  const sendNotification = async (_method: string, { textDocument }: { textDocument: { uri: string } }): Promise<void> => void opened.push(textDocument.uri);
  return { code2ProtocolConverter, sendNotification } as unknown as Client;
}

/** A policy that keeps one document, and never gets to the rules of another. */
function policyWith(kept: string, unread: string): Policy {
  const check = ({ path }: Uri): Promise<string> => (path === unread ? new Promise(() => {}) : Promise.resolve(path === kept ? 'secret' : 'allowed'));
  return { check, onDidChange: () => ({ dispose: () => undefined }) } as unknown as Policy;
}

describe('a fresh connection', () => {
  it('gets the documents that are shown and may be read, and waits for no rules of others', async () => {
    fake.open(['/ws'], {});
    fake.documents = ['/ws/gone/a.ts', '/ws/b.ts', '/ws/.env', '/ws/c.ts'].map((file) => new FakeDocument(Uri.file(file), 'text'));
    const opened: string[] = [];
    const sync = new DocumentSync(policyWith('/ws/.env', '/ws/gone/a.ts'), (error) => assert.fail(String(error)));
    for (const connection of [clientInto(opened), clientInto(opened)]) {
      sync.attach(connection);
      await nextTurn();
      assert.deepEqual(opened.splice(0), ['/ws/b.ts', '/ws/c.ts']);
      sync.attach(undefined);
    }
    sync.dispose();
  });
});
