import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import './support/useFakeVscode.ts';
import { FakeDocument } from './support/fakeDocument.ts';
import { holdStat } from './support/holdStat.ts';
import { fake, Uri } from './support/vscode.ts';

const { DocumentPolicy } = await import('../../../extension/documents/documentPolicy.ts');
const { DocumentSync } = await import('../../../extension/documents/documentSync.ts');
type Policy = ConstructorParameters<typeof DocumentSync>[0];
type Client = Parameters<InstanceType<typeof DocumentSync>['attach']>[0];

function clientInto(opened: string[]): Client {
  const code2ProtocolConverter = {
    asOpenTextDocumentParams: ({ uri, text }: FakeDocument) => ({ textDocument: { uri: uri.path, text } }),
    asCloseTextDocumentParams: ({ uri }: FakeDocument) => ({ textDocument: { uri: `closed ${uri.path}` } }),
  };
  const sendNotification = async (
    _method: string,
    { textDocument }: { textDocument: { uri: string } },
  ): Promise<void> => void opened.push(textDocument.uri);
  return { code2ProtocolConverter, sendNotification } as unknown as Client;
}

/** A policy that refuses one document and never finishes reading the rules of another. */
function policyWith(kept: string, unread: string): Policy {
  const check = ({ path }: Uri): Promise<string> =>
    path === unread ? new Promise(() => {}) : Promise.resolve(path === kept ? 'secret' : 'allowed');
  return { check, onDidChange: () => ({ dispose: () => undefined }) } as unknown as Policy;
}

describe('a new connection', () => {
  it('receives the shown documents that may be read, without waiting for the rules of others', async () => {
    fake.open(['/ws'], {});
    fake.documents = ['/ws/gone/a.ts', '/ws/b.ts', '/ws/.env', '/ws/c.ts'].map(
      (file) => new FakeDocument(Uri.file(file), 'text'),
    );
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

describe('a document', () => {
  it('is not sent under rules that changed while it was judged', async (test) => {
    fake.open(['/ws'], { '/ws/.git/info/exclude': '' });
    fake.documents = ['/ws/a.ts', '/ws/b.ts'].map((file) => new FakeDocument(Uri.file(file), 'text'));
    const goOn = holdStat(test, '/ws/.git/info/exclude');
    const policy = new DocumentPolicy(assert.fail);
    const sync = new DocumentSync(policy, (error) => assert.fail(String(error)));
    const opened: string[] = [];
    sync.attach(clientInto(opened));
    await nextTurn();
    fake.files.set('/ws/.gitignore', 'b.ts\n');
    policy.rulesAppeared();
    goOn();
    await nextTurn();
    sync.dispose();
    policy.dispose();
    assert.deepEqual(opened, ['/ws/a.ts']);
  });

  it('is closed when a link to a secret replaces it', async () => {
    fake.open(['/ws'], { '/ws/config.txt': '', '/ws/.env': '' });
    fake.documents = [new FakeDocument(Uri.file('/ws/config.txt'), 'text')];
    const policy = new DocumentPolicy(assert.fail);
    const sync = new DocumentSync(policy, (error) => assert.fail(String(error)));
    const sent: string[] = [];
    sync.attach(clientInto(sent));
    await nextTurn();
    fake.links.set('/ws/config.txt', '/ws/.env');
    fake.changed.fire(Uri.file('/ws/config.txt'));
    await nextTurn();
    sync.dispose();
    policy.dispose();
    assert.deepEqual(sent, ['/ws/config.txt', 'closed /ws/config.txt']);
  });
});
