import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import './support/useFakeLanguageClient.ts';
import { FakeDocument } from '../documents/support/fakeDocument.ts';
import { fake, Uri } from '../documents/support/vscode.ts';
import { ChorusLanguageClient } from './support/languageClient.ts';

const { DocumentPolicy } = await import('../../../extension/documents/documentPolicy.ts');
const { DocumentSync } = await import('../../../extension/documents/documentSync.ts');
const { LanguageClientSession } = await import('../../../extension/sidecar/sidecarSession.ts');
type Setup = ConstructorParameters<typeof LanguageClientSession>[0];

interface Window {
  readonly document: FakeDocument;
  readonly session: InstanceType<typeof LanguageClientSession>;
  /** Resolves with the result of sending the document. */
  readonly ensureSent: () => Promise<string>;
}

/** A window that shows one document. */
function open(): Window {
  fake.open(['/ws'], {});
  const document = new FakeDocument(Uri.file('/ws/a.ts'), 'const a');
  fake.documents = [document];
  const documents = new DocumentSync(new DocumentPolicy(assert.fail), (error) => assert.fail(String(error)));
  const log = { info: () => undefined, debug: () => undefined, error: assert.fail };
  const workspace = { attach: () => undefined, serve: () => undefined };
  const setup = {
    log,
    documents,
    workspace,
    launch: {},
    ready: async () => undefined,
    initializationOptions: () => ({}),
  } as unknown as Setup;
  return {
    document,
    session: new LanguageClientSession(setup),
    ensureSent: () => documents.ensureSent(document as unknown as vscode.TextDocument),
  };
}

describe('a shown document', () => {
  it('is sent to the sidecar with the text typed during its start', async () => {
    const { document, session, ensureSent } = open();
    const starting = ChorusLanguageClient.starting();
    const started = session.start();
    const client = await starting;
    fake.visibleEditorsChanged.fire();
    assert.equal(await ensureSent(), 'closed');
    document.change(7, 0, ' = 1');
    client.haveStarted();
    await started;
    assert.equal(await ensureSent(), 'sent');
    assert.deepEqual(client.sent, [{ method: 'textDocument/didOpen', text: 'const a = 1' }]);
  });

  it("is sent to the sidecar's successor with the text typed meanwhile", async () => {
    const { document, session, ensureSent } = open();
    const starting = ChorusLanguageClient.starting();
    const first = session.start();
    const client = await starting;
    client.haveStarted();
    await first;
    client.end();
    assert.equal(await ensureSent(), 'closed');
    const startingAgain = ChorusLanguageClient.starting();
    const second = session.start();
    const successor = await startingAgain;
    fake.visibleEditorsChanged.fire();
    assert.equal(await ensureSent(), 'closed');
    document.change(7, 0, ' = 2');
    successor.haveStarted();
    await second;
    assert.equal(await ensureSent(), 'sent');
    assert.deepEqual(successor.sent, [{ method: 'textDocument/didOpen', text: 'const a = 2' }]);
  });
});

describe('a connection', () => {
  it('that ends during its start counts as a failed start, and the next request starts another', async () => {
    const { session } = open();
    const failures: string[] = [];
    session.onDidFail(({ message }) => failures.push(message));
    const starting = ChorusLanguageClient.starting();
    const first = session.start();
    const client = await starting;
    client.end();
    client.haveStarted();
    await assert.rejects(first, { code: 'closed' });
    assert.equal(session.phase, 'stopped');
    assert.equal(failures.length, 1);
    const startingAgain = ChorusLanguageClient.starting();
    const second = session.start();
    (await startingAgain).haveStarted();
    await second;
    assert.equal(session.phase, 'running');
  });

  it('that neither answers nor ends is replaced when the user restarts the sidecar', async () => {
    const { session } = open();
    const starting = ChorusLanguageClient.starting();
    const first = session.start();
    const client = await starting;
    client.haveStarted();
    await first;
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const startingAgain = ChorusLanguageClient.starting();
      const restarted = session.restart();
      // The sidecar has one delay to leave, and a second one after its connection was cut.
      for (let waits = 0; waits < 2; waits++) {
        mock.timers.tick(15_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const successor = await startingAgain;
      successor.haveStarted();
      await restarted;
      assert.notEqual(successor, client);
      assert.equal(session.phase, 'running');
    } finally {
      mock.timers.reset();
    }
  });
});
