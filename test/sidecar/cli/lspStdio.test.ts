import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { bridgeStdio } from '../../../sidecar/cli/lspStdio.ts';
import { findOrStart } from '../../../sidecar/client/launch.ts';
import { launchOptions, modelEnvironment, TestHome } from '../server/support/sidecar.ts';

const uri = 'file:///sample.py';
const settings = { completion: { timeoutMs: 60_000 } };

describe('chorus lsp --stdio', () => {
  it('goes on with the newer sidecar when the old one makes way: the editor notices nothing', async () => {
    await using home = await TestHome.create();
    const env = await modelEnvironment();
    const [input, output] = [new PassThrough(), new PassThrough()];
    const exitCode = bridgeStdio({ launch: launchOptions(home.folder, { version: '1.0.0', env }), input, output });
    const editor = createMessageConnection(new StreamMessageReader(output), new StreamMessageWriter(input));
    editor.listen();
    const initialized = await editor.sendRequest<{ serverInfo: { version: string } }>('initialize', { processId: null, rootUri: null, capabilities: {}, initializationOptions: { settings } });
    assert.equal(initialized.serverInfo.version, '1.0.0');
    await editor.sendNotification('initialized', {});
    await editor.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'python', version: 1, text: 'def add(a, b):\n    return a + b\n\ndef subtract(a, b):\n' } });
    const end = { line: 4, character: 0 };
    await editor.sendNotification('textDocument/didChange', { textDocument: { uri, version: 2 }, contentChanges: [{ range: { start: end, end }, text: '    return a' }] });

    const newer = findOrStart(launchOptions(home.folder, { version: '1.1.0', env }));
    // Whenever these meet the change of sidecars, each gets its answer.
    const position = { line: 4, character: 12 };
    const statuses: Promise<unknown>[] = [];
    const asking = setInterval(() => statuses.push(editor.sendRequest('chorus/status')), 20);
    const { socket } = await newer;
    clearInterval(asking);
    assert.equal((await home.state()).version, '1.1.0');

    const list = await editor.sendRequest<{ items: readonly { textEdit: { newText: string } }[] }>('textDocument/completion', { textDocument: { uri }, position, context: { triggerKind: 1 } });
    assert.match(list.items[0]?.textEdit.newText ?? '', /a\s*-\s*b/);
    assert.ok(statuses.length > 0);
    await Promise.all(statuses);

    socket.close();
    await editor.sendRequest('shutdown');
    await editor.sendNotification('exit');
    assert.equal(await exitCode, 0);
    editor.dispose();
  });
});
