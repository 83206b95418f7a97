import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import '../sidecar/support/useFakeLanguageClient.ts';
import { STATUS_REQUEST } from '../../../sidecar/protocol/client.ts';
import { FakeDocument } from '../documents/support/fakeDocument.ts';
import { CancellationTokenSource, fake, Position, Uri } from '../documents/support/vscode.ts';
import { ChorusLanguageClient } from '../sidecar/support/languageClient.ts';

const { GhostText } = await import('../../../extension/completion/ghostText.ts');
const { DocumentPolicy } = await import('../../../extension/documents/documentPolicy.ts');
const { DocumentSync } = await import('../../../extension/documents/documentSync.ts');
const { LanguageClientSession } = await import('../../../extension/sidecar/sidecarSession.ts');
type Session = InstanceType<typeof LanguageClientSession>;

const nextCycle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** The error of a leaving sidecar that refuses work. */
const draining = (): Error => Object.assign(new Error('The sidecar leaves.'), { name: 'DrainingError' });

interface Window {
  readonly session: Session;
  readonly client: ChorusLanguageClient;
  /** Requests ghost text as a keystroke does. */
  readonly type: (token: vscode.CancellationToken) => Promise<unknown>;
}

/** A window with a running sidecar and ghost text for its document. */
async function open(): Promise<Window> {
  fake.open(['/ws'], {});
  const document = new FakeDocument(Uri.file('/ws/a.ts'), 'const a') as unknown as vscode.TextDocument;
  fake.documents = [document];
  const policy = new DocumentPolicy(assert.fail);
  const documents = new DocumentSync(policy, (error) => assert.fail(String(error)));
  const log = {
    info: () => undefined,
    debug: () => undefined,
    error: assert.fail,
  } as unknown as vscode.LogOutputChannel;
  const workspace = { attach: () => undefined, serve: () => undefined };
  const setup = {
    log,
    documents,
    workspace,
    launch: {},
    ready: async () => undefined,
    initializationOptions: () => ({}),
  };
  const session = new LanguageClientSession(setup as unknown as ConstructorParameters<typeof LanguageClientSession>[0]);
  const snooze = { untilMs: 0 };
  const ghostText = new GhostText({
    session,
    policy,
    documents,
    snooze,
    log,
    nextEditAt: () => undefined,
    onOffer: assert.fail,
    onTrouble: assert.fail,
  } as unknown as ConstructorParameters<typeof GhostText>[0]);
  const starting = ChorusLanguageClient.starting();
  const started = session.start();
  const client = await starting;
  client.haveStarted();
  await started;
  const type = (token: vscode.CancellationToken): Promise<unknown> =>
    ghostText.provideInlineCompletionItems(
      document,
      new Position(0, 7) as unknown as vscode.Position,
      { triggerKind: 1 } as unknown as vscode.InlineCompletionContext,
      token,
    );
  return { session, client, type };
}

describe('ghost text whose sidecar has left', () => {
  it('is requested again from the next sidecar', async () => {
    const { session, client, type } = await open();
    const { token } = new CancellationTokenSource();
    client.inlineCompletions = async () => {
      client.end();
      throw draining();
    };
    const startingAgain = ChorusLanguageClient.starting();
    const asked = type(token);
    const successor = await startingAgain;
    let isAsked = false;
    successor.inlineCompletions = async () => ((isAsked = true), []);
    successor.haveStarted();
    await asked;
    assert.equal(isAsked, true);
    assert.equal(session.phase, 'running');
  });

  for (const { name, leave } of [
    {
      name: 'before the sidecar left',
      leave: (client: ChorusLanguageClient, cancel: () => void) => (cancel(), client.end()),
    },
    {
      name: 'before the connection closed',
      leave: (client: ChorusLanguageClient, cancel: () => void) => setImmediate(() => (cancel(), client.end())),
    },
  ]) {
    it(`starts no sidecar for a keystroke that was cancelled ${name}`, async () => {
      const { session, client, type } = await open();
      const source = new CancellationTokenSource();
      client.inlineCompletions = async () => {
        leave(client, () => source.cancel());
        throw draining();
      };
      assert.equal(await type(source.token), undefined);
      await nextCycle();
      assert.equal(session.phase, 'stopped');
    });
  }
});

describe('a request whose sidecar has left', () => {
  it('starts no sidecar if it was cancelled meanwhile', async () => {
    const { session, client } = await open();
    const source = new CancellationTokenSource();
    client.request = async () => {
      source.cancel();
      client.end();
      throw draining();
    };
    await assert.rejects(session.request(STATUS_REQUEST, undefined, source.token));
    await nextCycle();
    assert.equal(session.phase, 'stopped');
  });
});
