/**
 * Tests that run inside VS Code's extension host: the desktop's by `npm run test:desktop`, the browser host's by
 * `test/host/inHost.test.ts`. VS Code calls `run` for `--extensionTestsPath`. Results go to the console and to the file
 * that `CHORUS_TEST_RESULTS` names.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';

/** The outcome of one test. `error` is absent if it passed. */
export interface InHostResult {
  readonly name: string;
  readonly error?: string;
}

const EXTENSION_ID = 'chorus.chorus';
const PATIENCE_MS = 60_000;

const tests: Readonly<Record<string, () => Promise<void>>> = {
  'the extension activates': async () => {
    const extension = vscode.extensions.getExtension(EXTENSION_ID);
    assert.ok(extension, `${EXTENSION_ID} is installed`);
    await extension.activate();
    assert.ok(extension.isActive);
  },

  'every command of the manifest is registered': async () => {
    const { contributes } = vscode.extensions.getExtension(EXTENSION_ID)!.packageJSON as {
      contributes: { commands: { command: string }[] };
    };
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      contributes.commands.map(({ command }) => command).filter((command) => !registered.has(command)),
      [],
    );
  },

  'ghost text of the real model is accepted into the document': async () => {
    const document = await openSample('src/point.ts');
    const editor = await vscode.window.showTextDocument(document);
    const place = new vscode.Position(12, 10);
    await editor.edit((edit) => edit.insert(place, ' '));
    const end = place.translate(0, 1);
    editor.selection = new vscode.Selection(end, end);
    const before = document.getText();
    await waitUntil('accepted ghost text', async () => {
      await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
      await delay(250);
      await vscode.commands.executeCommand('editor.action.inlineSuggest.commit');
      return document.getText() !== before;
    });
    assert.ok(document.getText().length > before.length);
    assert.ok(document.getText().startsWith(before.slice(0, document.offsetAt(end))));
  },

  'the model answers through vscode.lm': async () => {
    const model = await waitUntil(
      'a model of Chorus',
      async () => (await vscode.lm.selectChatModels({ vendor: 'chorus' }))[0],
    );
    const answer = await model.sendRequest([
      vscode.LanguageModelChatMessage.User('Write one short sentence about rivers.'),
    ]);
    let text = '';
    for await (const part of answer.text) text += part;
    assert.match(text, /\w+ \w+/);
    assert.ok((await model.countTokens('one two three')) >= 3);
  },
};

/** Runs all tests, one after another. Throws if one failed. */
export async function run(): Promise<void> {
  const results: InHostResult[] = [];
  for (const [name, test] of Object.entries(tests)) {
    const error = await test().then(
      () => undefined,
      (cause: unknown) => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)),
    );
    results.push({ name, error });
    console.log(error === undefined ? `✔ ${name}` : `✖ ${name}\n${error}`);
  }
  const file = process.env['CHORUS_TEST_RESULTS'];
  if (file) await writeFile(file, JSON.stringify(results));
  const failed = results.filter(({ error }) => error !== undefined);
  if (failed.length > 0)
    throw new Error(`${failed.length} of ${results.length} tests failed: ${failed.map(({ name }) => name).join('; ')}`);
}

async function openSample(name: string): Promise<vscode.TextDocument> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  assert.ok(folder, 'a folder is open');
  return vscode.workspace.openTextDocument(
    vscode.Uri.file(path.join(folder.fsPath, name)).with({ scheme: folder.scheme, authority: folder.authority }),
  );
}

async function waitUntil<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    assert.ok(Date.now() < deadline, `waited ${PATIENCE_MS} ms for ${what}`);
    await delay(50);
  }
}
