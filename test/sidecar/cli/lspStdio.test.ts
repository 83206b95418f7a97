import assert from 'node:assert/strict';
import { access, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { bridgeStdio } from '../../../sidecar/cli/lspStdio.ts';
import { contextsFolder } from '../../../sidecar/keptContexts/contextSets.ts';
import { findOrStart } from '../../../sidecar/client/launch.ts';
import { contextSetName, workspaceKeyOf } from '../../../sidecar/keptContexts/workspaceKey.ts';
import { sendRequest } from '../../../sidecar/common/typedMessages.ts';
import { DIAGNOSTICS_REQUEST } from '../../../sidecar/protocol/client.ts';
import { waitFor } from '../../host/waitFor.ts';
import { launchOptions, modelEnvironment, TestHome } from '../front/support/sidecar.ts';

const uri = 'file:///sample.py';
const settings = { completion: { timeoutMs: 60_000 } };

describe('chorus lsp --stdio', () => {
  it('moves to a newer sidecar when the old one makes way, unnoticed by the editor', async () => {
    await using home = await TestHome.create();
    const env = await modelEnvironment();
    const [input, output] = [new PassThrough(), new PassThrough()];
    const exitCode = bridgeStdio({ launch: launchOptions(home.folder, { version: '1.0.0', env }), input, output });
    const editor = createMessageConnection(new StreamMessageReader(output), new StreamMessageWriter(input));
    editor.listen();
    const initialized = await editor.sendRequest<{ serverInfo: { version: string } }>('initialize', {
      processId: null,
      rootUri: null,
      capabilities: {},
      initializationOptions: { settings },
    });
    assert.equal(initialized.serverInfo.version, '1.0.0');
    await editor.sendNotification('initialized', {});
    await editor.sendNotification('textDocument/didOpen', {
      textDocument: {
        uri,
        languageId: 'python',
        version: 1,
        text: 'def add(a, b):\n    return a + b\n\ndef subtract(a, b):\n',
      },
    });
    const end = { line: 4, character: 0 };
    await editor.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ range: { start: end, end }, text: '    return a' }],
    });

    const newer = findOrStart(launchOptions(home.folder, { version: '1.1.0', env }));
    // Whenever these requests meet the change of sidecars, each gets its response.
    const position = { line: 4, character: 12 };
    const statuses: Promise<unknown>[] = [];
    const asking = setInterval(() => statuses.push(editor.sendRequest('chorus/status')), 20);
    const { socket } = await newer;
    clearInterval(asking);
    assert.equal((await home.state()).version, '1.1.0');

    const list = await editor.sendRequest<{ items: readonly { textEdit: { newText: string } }[] }>(
      'textDocument/completion',
      { textDocument: { uri }, position, context: { triggerKind: 1 } },
    );
    assert.match(list.items[0]?.textEdit.newText ?? '', /a\s*-\s*b/);
    assert.ok(statuses.length > 0);
    await Promise.all(statuses);

    socket.close();
    await editor.sendRequest('shutdown');
    await editor.sendNotification('exit');
    assert.equal(await exitCode, 0);
    editor.dispose();
  });

  it('keeps documents that are secret by their names or link targets in the editor, and logs the reason', async (test) => {
    await using home = await TestHome.create();
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-secret-'));
    test.after(() => rm(folder, { recursive: true }));
    await writeFile(path.join(folder, '.env'), 'KEY=1\n');
    await symlink('.env', path.join(folder, 'settings.py'));
    const [input, output] = [new PassThrough(), new PassThrough()];
    const exitCode = bridgeStdio({
      launch: launchOptions(home.folder, { version: '1.0.0', env: await modelEnvironment() }),
      input,
      output,
    });
    const editor = createMessageConnection(new StreamMessageReader(output), new StreamMessageWriter(input));
    const told: string[] = [];
    editor.onNotification('window/logMessage', ({ message }: { message: string }) => void told.push(message));
    editor.listen();
    await editor.sendRequest('initialize', {
      processId: null,
      rootUri: null,
      capabilities: {},
      initializationOptions: { settings },
    });
    await editor.sendNotification('initialized', {});
    const uriOf = (name: string): string => pathToFileURL(path.join(folder, name)).href;
    const open = (name: string, text: string): Promise<void> =>
      editor.sendNotification('textDocument/didOpen', {
        textDocument: { uri: uriOf(name), languageId: 'python', version: 1, text },
      });
    const complete = (name: string, character: number): Promise<unknown> =>
      editor.sendRequest('textDocument/completion', {
        textDocument: { uri: uriOf(name) },
        position: { line: 0, character },
        context: { triggerKind: 1 },
      });
    await open('.env', 'KEY=');
    await editor.sendNotification('textDocument/didChange', {
      textDocument: { uri: uriOf('.env'), version: 2 },
      contentChanges: [{ text: 'KEY=12' }],
    });
    await open('settings.py', 'KEY=');
    await open('main.py', 'def add(a, b): return ');
    assert.equal(await complete('.env', 4), null);
    assert.equal(await complete('settings.py', 4), null);
    assert.notEqual(await complete('main.py', 22), null);
    const { text } = await sendRequest(editor, DIAGNOSTICS_REQUEST, undefined);
    assert.match(text, /\(1 documents\)/);
    assert.deepEqual(told, [
      `Chorus leaves ${uriOf('.env')} alone: files of this name hold secrets.`,
      `Chorus leaves ${uriOf('settings.py')} alone: it leads to ${pathToFileURL(await realpath(path.join(folder, '.env'))).href}, and files of that name hold secrets.`,
    ]);
    await editor.sendNotification('textDocument/didClose', { textDocument: { uri: uriOf('.env') } });
    await assert.rejects(complete('.env', 4), /not open/);
    await editor.sendRequest('shutdown');
    await editor.sendNotification('exit');
    assert.equal(await exitCode, 0);
    editor.dispose();
  });

  it('deletes a workspace’s contexts when the rules for secret files change', async () => {
    await using home = await TestHome.create();
    const env = await modelEnvironment();
    const key = workspaceKeyOf([pathToFileURL(home.folder).href]);
    const set = { folder: contextsFolder(home.folder), name: contextSetName(key) };
    const kept = path.join(set.folder, set.name, 'kept.rows');
    const session = async (secretFiles: readonly string[]): Promise<void> => {
      const [input, output] = [new PassThrough(), new PassThrough()];
      const exitCode = bridgeStdio({ launch: launchOptions(home.folder, { version: '1.0.0', env }), input, output });
      const editor = createMessageConnection(new StreamMessageReader(output), new StreamMessageWriter(input));
      editor.listen();
      await editor.sendRequest('initialize', {
        processId: null,
        rootUri: pathToFileURL(home.folder).href,
        capabilities: {},
        initializationOptions: { settings, secretFiles },
      });
      await editor.sendNotification('initialized', {});
      await editor.sendRequest('chorus/status');
      await editor.sendRequest('shutdown');
      await editor.sendNotification('exit');
      assert.equal(await exitCode, 0);
      editor.dispose();
    };
    const exists = (file: string): Promise<boolean> =>
      access(file).then(
        () => true,
        () => false,
      );
    await session([]);
    // The sidecar writes the rules of the set while it answers.
    await waitFor('the folder of the set', () => exists(path.dirname(kept)));
    await writeFile(kept, '');
    await session([]);
    assert.equal(await exists(kept), true);
    await session(['*.plan']);
    await waitFor('the files to be gone', async () => !(await exists(kept)));
  });
});
