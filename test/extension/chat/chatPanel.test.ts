import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import type { ChatPanelSources } from '../../../extension/chat/chatPanel.ts';
import type { HostMessage, PageMessage } from '../../../media/chat/messages.ts';
import type { ChatResult } from '../../../sidecar/protocol/client.ts';
import { TroubleError } from '../../../extension/sidecar/troubleError.ts';
import '../documents/support/useFakeVscode.ts';
import { EventEmitter, ExtensionKind, fake, Uri } from '../documents/support/vscode.ts';

const { registerChatPanel } = await import('../../../extension/chat/chatPanel.ts');

const never = (): { dispose(): void } => ({ dispose: () => undefined });

/** A panel whose page is replaced by the test. Every question gets this answer, or fails with this error. */
function panel(result: Partial<ChatResult> | Error) {
  fake.open(['/ws'], {});
  const fromPage = new EventEmitter<PageMessage>();
  const toPage: HostMessage[] = [];
  const errors: unknown[] = [];
  const requestStreaming = async (): Promise<Partial<ChatResult>> => {
    if (result instanceof Error) throw result;
    return result;
  };
  const session = { status: undefined, onDidChangeStatus: never, requestStreaming };
  const sources = {
    session,
    policy: { check: async () => 'allowed' },
    server: { settings: undefined, onDidChange: never },
    language: { onDidChange: never },
    logError: (error: unknown) => errors.push(error),
  };
  const extensionUri = Uri.file('/extension');
  const context = {
    subscriptions: [],
    extension: { extensionKind: ExtensionKind.Workspace },
    extensionUri,
    storageUri: undefined,
    workspaceState: { get: (_key: string, fallback: string) => fallback, update: async () => undefined },
  };
  registerChatPanel(context as unknown as vscode.ExtensionContext, sources as unknown as ChatPanelSources);
  const webview = {
    html: '',
    options: {},
    cspSource: '',
    asWebviewUri: (uri: Uri) => uri,
    onDidReceiveMessage: fromPage.event,
    postMessage: async (message: HostMessage) => toPage.push(message) > 0,
  };
  (fake.viewProvider as vscode.WebviewViewProvider).resolveWebviewView(
    { webview, visible: true, onDidChangeVisibility: never, onDidDispose: never } as unknown as vscode.WebviewView,
    {} as vscode.WebviewViewResolveContext,
    {} as vscode.CancellationToken,
  );
  const comes = async <Type extends HostMessage['type']>(type: Type): Promise<Extract<HostMessage, { type: Type }>> => {
    for (;;) {
      const found = toPage.find((message): message is Extract<HostMessage, { type: Type }> => message.type === type);
      if (found) return found;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { say: (message: PageMessage) => fromPage.fire(message), comes, errors };
}

describe('the chat panel', () => {
  it('says why an answer failed, and runs the commands that help but no other', async () => {
    const { say, comes, errors } = panel(new TroubleError({ code: 'out-of-memory', message: 'It needs 9 GB.' }));
    say({ type: 'ready' });
    await comes('init');
    say({ type: 'send', text: 'Why?' });
    const { answer } = await comes('ended');
    assert.equal(answer.failed, true);
    assert.deepEqual(
      answer.remedies?.map(({ title }) => title),
      ['Choose Model…', 'Open Output'],
    );
    const ran: string[] = [];
    fake.executeCommand = async (command) => ran.push(command);
    for (const command of ['workbench.action.quit', ...(answer.remedies ?? []).map((remedy) => remedy.command)])
      say({ type: 'remedy', command });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(ran, ['chorus.chooseModel', 'chorus.showOutput']);
    assert.deepEqual(errors, []);
  });

  it('lists the places that an answer used, and opens a clicked one', async () => {
    const { say, comes, errors } = panel({
      text: 'There.',
      stopReason: 'end',
      sources: [{ uri: 'file:///ws/shop/cart.ts', path: 'shop/cart.ts', lines: [9, 23] }],
    });
    say({ type: 'ready' });
    await comes('init');
    say({ type: 'send', text: '@workspace Where is the till?' });
    const { answer } = await comes('ended');
    assert.deepEqual(answer.sources, [{ uri: 'file:///ws/shop/cart.ts', line: 9, label: 'shop/cart.ts:10-24' }]);

    for (const { uri, line } of answer.sources ?? []) say({ type: 'openSource', uri, line });
    assert.deepEqual(
      fake.shown.map((shown) => [String(shown.uri), shown.selection?.start.line]),
      [['file:///ws/shop/cart.ts', 9]],
    );
    assert.deepEqual(errors, []);
  });
});
