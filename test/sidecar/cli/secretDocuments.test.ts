import assert from 'node:assert/strict';
import fsPromises, { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { describe, it } from 'node:test';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Message } from 'vscode-jsonrpc/node';
import { SecretDocuments } from '../../../sidecar/cli/secretDocuments.ts';

const message = (method: string, params: object): Message => ({ jsonrpc: '2.0', method, params }) as Message;
const opening = (uri: string): Message =>
  message('textDocument/didOpen', { textDocument: { uri, languageId: 'python', version: 1, text: 'x' } });
const documents = (): SecretDocuments => new SecretDocuments(() => undefined);

describe('A document stays in the editor', () => {
  const secret = [
    'file:///home/u/.env',
    'file:///home/u/%2Eenv',
    'FILE:///home/u/.ENV',
    'file:///c%3A/project/.env',
    'file:///home/u/.env?version=1',
    'file:///home/u/.env#L1',
    // Names that editors encoded incorrectly or not at all.
    'scp://host//srv/C#/.env',
    'file:///home/u/C#/.env',
    'file:///home/u/C#/%2Eenv',
    'file:///home/u/why?/.env',
    'file:///home/u/100%/secrets%20copy.yaml',
    'file:///home/u/100%/%2Eenv',
    '/home/u/.env',
    '.env',
    'C:\\project\\.env',
    'file://my host/share/.env',
    'scp://h:22x/.env',
    'ssh://[bad/.env',
    'untitled:.env',
    'vscode-remote://ssh-remote%2Bhost/home/u/.ssh/config',
    'git:/home/u/.env?ref',
  ];
  for (const uri of secret)
    it(`if its name is secret: ${uri}`, async () => assert.equal(await documents().keeps(opening(uri)), true));
  for (const uri of [
    'file:///home/u/main.py',
    'file:///home/u/environment.ts',
    'file:///home/u/C%23/100%25/a.py',
    'untitled:Untitled-1',
    'file:///home/u/.env.example',
  ])
    it(`only if its name is secret: ${uri}`, async () => assert.equal(await documents().keeps(opening(uri)), false));

  it('with all messages about it, until it is closed', async () => {
    const heard: string[] = [];
    const editor = new SecretDocuments((uri, reason) => heard.push(`${uri}: ${reason}`));
    const about = (method: string, uri = 'file:///.env'): Promise<boolean> =>
      editor.keeps(message(method, { textDocument: { uri } }));
    assert.equal(await editor.keeps(opening('file:///.env')), true);
    for (const method of [
      'textDocument/didChange',
      'textDocument/didSave',
      'textDocument/willSaveWaitUntil',
      'textDocument/completion',
      'chorus/didRestCursor',
    ])
      assert.equal(await about(method), true, method);
    assert.equal(await about('textDocument/didChange', 'file:///main.py'), false);
    assert.equal(await about('textDocument/didClose'), true);
    assert.equal(await about('textDocument/completion'), false);
    assert.deepEqual(heard, ['file:///.env: files of this name hold secrets']);
  });

  it('with all cells if the notebook or one cell is secret', async () => {
    const cell = 'vscode-notebook-cell:/secrets#1';
    const editor = documents();
    assert.equal(
      await editor.keeps(
        message('notebookDocument/didOpen', {
          notebookDocument: { uri: 'file:///secrets' },
          cellTextDocuments: [{ uri: cell }],
        }),
      ),
      true,
    );
    assert.equal(await editor.keeps(message('textDocument/completion', { textDocument: { uri: cell } })), true);
    assert.equal(
      await editor.keeps(
        message('notebookDocument/didChange', { notebookDocument: { uri: 'file:///secrets' }, change: {} }),
      ),
      true,
    );
    assert.equal(
      await documents().keeps(
        message('notebookDocument/didOpen', {
          notebookDocument: { uri: 'file:///a.ipynb' },
          cellTextDocuments: [{ uri: 'file:///.env' }],
        }),
      ),
      true,
    );
    assert.equal(
      await documents().keeps(
        message('notebookDocument/didOpen', {
          notebookDocument: { uri: 'file:///a.ipynb' },
          cellTextDocuments: [{ uri: 'vscode-notebook-cell:/a.ipynb#1' }],
        }),
      ),
      false,
    );
  });

  it('by the editor’s additional patterns, but not by patterns that the editor removes', async () => {
    const editor = documents();
    await editor.keeps(
      message('initialize', { initializationOptions: { secretFiles: ['*.internal', '!auth.json', 7] } }),
    );
    assert.equal(await editor.keeps(opening('file:///notes.internal')), true);
    assert.equal(await editor.keeps(opening('file:///auth.json')), false);
    assert.equal(await editor.keeps(opening('file:///.env')), true);
  });

  it('if it links to a secret file, existing or not', { skip: process.platform === 'win32' }, async (test) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-links-'));
    test.after(() => rm(folder, { recursive: true }));
    await mkdir(path.join(folder, '.ssh'));
    await symlink('.ssh', path.join(folder, 'keys'));
    await symlink('.env', path.join(folder, 'settings.py'));
    const heard: string[] = [];
    const editor = new SecretDocuments((_, reason) => heard.push(reason));
    for (const name of ['keys/new', 'settings.py'])
      assert.equal(await editor.keeps(opening(pathToFileURL(path.join(folder, name)).href)), true, name);
    assert.equal(await editor.keeps(opening(pathToFileURL(path.join(folder, 'main.py')).href)), false);
    assert.match(heard.join(), /it leads to file:.*\.ssh\/new.*it leads to file:.*\.env/);
  });

  it('if its drive does not say in time whether it is a link', async (test) => {
    const { mock } = test.mock.method(fsPromises, 'realpath', () => new Promise<never>(() => undefined));
    syncBuiltinESMExports();
    test.mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const heard: string[] = [];
      const kept = new SecretDocuments((_, reason) => heard.push(reason)).keeps(
        opening(pathToFileURL(path.resolve('main.py')).href),
      );
      await nextTurn();
      test.mock.timers.tick(10_000);
      assert.equal(await kept, true);
      assert.deepEqual(heard, ['its drive does not say whether it is a link to a secret file']);
    } finally {
      mock.restore();
      syncBuiltinESMExports();
    }
  });

  it('but not if a message is invalid LSP', async () => {
    for (const params of [null, [], 'x', { textDocument: null }, { textDocument: { uri: 7 } }])
      assert.equal(
        await documents().keeps({ jsonrpc: '2.0', method: 'textDocument/didOpen', params } as Message),
        false,
      );
    assert.equal(await documents().keeps({ jsonrpc: '2.0', id: 1, result: {} } as Message), false);
  });
});
