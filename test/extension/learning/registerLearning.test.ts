import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import { fake } from '../documents/support/vscode.ts';
import type { ServerChoice } from '../../../extension/remoteServers/serverChoice.ts';
import { until } from '../../sidecar/front/support/sidecar.ts';

const { registerLearning } = await import('../../../extension/learning/registerLearning.ts');

const PROGRESS = { progress: { step: 'Learning', share: 0.5 } };
/** The script waits, and ends after the test has deleted its folder. */
const WAIT = 'setInterval(() => existsSync(process.argv[1]) || process.exit(0), 50);';
const HELD_OUT = { lines: 40, linesBefore: 11, linesAfter: 15 };

describe('"Learn This Workspace"', () => {
  let folder: string;
  let server: Pick<ServerChoice, 'settings'>;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-learning-'));
    await mkdir(path.join(folder, 'dist'));
    fake.open(['/shop'], {});
    fake.pressed = 'Learn';
    server = { settings: undefined };
    registerLearning({ subscriptions: [], extensionPath: folder } as unknown as vscode.ExtensionContext, {
      get settings() {
        return server.settings;
      },
    });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Replaces the command line by a script that notes its arguments and its input, and prints lines. */
  const scripted = (lines: readonly object[], ending: string): Promise<void> =>
    writeFile(
      path.join(folder, 'dist', 'cli.mjs'),
      `import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
      writeFileSync(${JSON.stringify(path.join(folder, 'arguments'))}, process.argv.slice(2).join(' '));
      process.stdin.on('data', (words) => appendFileSync(${JSON.stringify(path.join(folder, 'words'))}, words));
      for (const line of ${JSON.stringify(lines)}) console.log(JSON.stringify(line));
      ${ending}`,
    );
  const run = async (): Promise<void> => void (await fake.commands.get('chorus.learnWorkspace')?.());
  const start = (): void => void run().catch(() => undefined);
  const noted = async (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8').catch(() => '');
  const said = (count: number): Promise<void> => until(() => fake.messages.length >= count, `${count} messages`);

  /** Ends a script that waits, and the command that runs it. */
  async function ended(running: Promise<void>): Promise<void> {
    await rm(folder, { recursive: true });
    await running;
  }

  it('asks first, and does nothing without consent', async () => {
    await scripted([], '');
    fake.pressed = 'Cancel';
    start();
    await said(1);
    assert.deepEqual([fake.messages, fake.buttons], [['Learn the code of shop?'], [['Learn']]]);
    assert.equal(existsSync(path.join(folder, 'arguments')), false);
  });

  it('tells that completions use what was learnt', async () => {
    await scripted([PROGRESS, { adopted: true, heldOut: HELD_OUT }], 'process.exit(0);');
    start();
    await said(2);
    assert.match(
      fake.messages[1] ?? '',
      /learnt shop\. Of 40 lines .* it fills 15\. Before, it filled 11\. Completions use/,
    );
    assert.match(await noted('arguments'), /^learn \/shop --json --events --workspace-key \w+ --tokens 50000$/);
  });

  it('tells that an expert does not help', async () => {
    await scripted([{ adopted: false, heldOut: HELD_OUT }], 'process.exit(0);');
    start();
    await said(2);
    assert.match(fake.messages[1] ?? '', /completes no better/);
  });

  it('shows why it failed, with a button to try again', async () => {
    await scripted([{ error: { message: 'There is too little code.' } }], 'process.exit(1);');
    start();
    await said(2);
    assert.match(fake.messages[1] ?? '', /There is too little code\./);
    assert.deepEqual(fake.buttons[1]?.[0], 'Try Again');
  });

  it('pauses while the user types', { skip: process.platform !== 'linux' }, async () => {
    await scripted([PROGRESS], WAIT);
    const running = run();
    await until(() => existsSync(path.join(folder, 'arguments')), 'the process runs');
    const document = {};
    fake.activeTextEditor = { document };
    fake.textChanged.fire({ document: {}, contentChanges: [{}] });
    fake.textChanged.fire({ document, contentChanges: [] });
    fake.textChanged.fire({ document, contentChanges: [{}] });
    fake.textChanged.fire({ document, contentChanges: [{}] });
    await until(async () => (await noted('words')) === 'pause\nresume\n', 'the process paused once and went on');
    await ended(running);
  });

  it('learns once at a time', async () => {
    await scripted([PROGRESS], WAIT);
    const running = run();
    await until(() => existsSync(path.join(folder, 'arguments')), 'the process runs');
    start();
    await said(2);
    assert.equal(fake.messages[1], 'Chorus already learns shop.');
    await ended(running);
  });

  it('refuses where a server answers, or llama.cpp', () => {
    server = { settings: { url: 'https://example.com', model: 'large' } };
    start();
    server = { settings: undefined };
    fake.configuration.user = { engine: 'llama' };
    start();
    assert.equal(fake.messages.length, 2);
    for (const message of fake.messages) assert.match(message, /counts only for its own engine on this machine/);
  });

  it('needs a window with one folder', async () => {
    fake.folders = ['/shop', '/office'];
    start();
    await said(1);
    assert.match(fake.messages[0] ?? '', /one folder at a time/);
  });
});
