import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import { FakeMemento } from '../documents/support/fakeMemento.ts';
import { fake } from '../documents/support/vscode.ts';
import type { ServerChoice } from '../../../extension/remoteServers/serverChoice.ts';
import { until } from '../../sidecar/front/support/sidecar.ts';

const { registerLearning } = await import('../../../extension/learning/registerLearning.ts');
const { LearningMemory } = await import('../../../extension/learning/learningMemory.ts');
const { LearningState } = await import('../../../extension/learning/learningState.ts');

const PROGRESS = { progress: { step: 'Learning', share: 0.5 } };
/** The script waits, and ends after the test has deleted its folder. */
const WAIT = 'setInterval(() => existsSync(process.argv[1]) || process.exit(0), 50);';
const HELD_OUT = { lines: 40, linesBefore: 11, linesAfter: 15 };

describe('"Learn This Workspace"', () => {
  let folder: string;
  let server: Pick<ServerChoice, 'settings'>;
  let subscriptions: { dispose(): unknown }[];
  let memory: InstanceType<typeof LearningMemory>;
  let state: InstanceType<typeof LearningState>;
  let logged: string[];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-learning-'));
    await mkdir(path.join(folder, 'dist'));
    fake.open(['/shop'], {});
    fake.pressed = 'Learn';
    server = { settings: undefined };
    subscriptions = [];
    logged = [];
    memory = new LearningMemory(new FakeMemento());
    state = new LearningState(memory);
    const never = { dispose: () => undefined };
    const log = { info: (line: string) => void logged.push(line), error: (line: string) => void logged.push(line) };
    registerLearning(
      { subscriptions, extensionPath: folder, globalState: new FakeMemento() } as unknown as vscode.ExtensionContext,
      { onDidChangeStatus: () => never },
      {
        server: {
          get settings() {
            return server.settings;
          },
          onDidChange: () => never,
        },
        state,
        log,
      },
    );
  });
  afterEach(() => {
    for (const subscription of subscriptions) subscription.dispose();
    return rm(folder, { recursive: true, force: true });
  });

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
    assert.deepEqual(
      [fake.messages, fake.buttons],
      [['Learn the code of shop?'], [['Learn', 'Learn Now and When Idle']]],
    );
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
    const document = { uri: { scheme: 'file' } };
    fake.activeTextEditor = { document };
    fake.textChanged.fire({ document: { uri: { scheme: 'output' } }, contentChanges: [{}] });
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

  it('ignores lines that are no JSON', async () => {
    await scripted([{ adopted: true, heldOut: HELD_OUT }], 'console.log("(node:1) Warning"); process.exit(0);');
    start();
    await said(2);
    assert.match(fake.messages[1] ?? '', /learnt shop/);
  });

  it('remembers the gain for the status', async () => {
    await scripted([{ adopted: true, heldOut: HELD_OUT }], 'process.exit(0);');
    await run();
    assert.deepEqual(state.lines, ['Held-out lines filled after learning: 15 of 40, before: 11']);
  });

  /** Lets the window be idle at once, and learn by itself. */
  function allow(): void {
    fake.configuration.user = { 'learning.enabled': true, 'learning.idleMinutes': 0.1 };
    memory.permission = 'allowed';
  }

  it('learns by itself after consent, and asks no more', async () => {
    await scripted([{ adopted: true, heldOut: HELD_OUT }], 'process.exit(0);');
    fake.pressed = 'Learn Now and When Idle';
    await run();
    assert.equal(memory.permission, 'allowed');
    assert.equal(fake.configuration.user['learning.enabled'], true);
    assert.deepEqual(state.now, ['Learns this workspace when the window is idle']);
    await run();
    assert.deepEqual(
      fake.messages.map((message) => message.slice(0, 5)),
      ['Learn', 'Choru', 'Choru'],
    );
  });

  it('learns an idle window in the background, without a message', async () => {
    await scripted([PROGRESS, { adopted: true, heldOut: HELD_OUT }], 'process.exit(0);');
    allow();
    await until(() => logged.length > 0, 'the workspace was learnt');
    assert.match(logged[0] ?? '', /was learnt in the background. Its expert is adopted/);
    assert.match(await noted('arguments'), / --events --background /);
    assert.deepEqual(fake.messages, []);
    assert.match(state.lines.at(-1) ?? '', /: 15 of 40, before: 11/);
  });

  it('shows a failure in the background only in the log and the status', async () => {
    await scripted([{ error: { message: 'There is too little code.' } }], 'process.exit(1);');
    allow();
    await until(() => logged.length > 0, 'learning failed');
    assert.equal(logged[0], 'Learning in the background failed: There is too little code.');
    assert.ok(state.lines.includes('Learning failed: There is too little code.'), state.lines.join());
    assert.deepEqual(fake.messages, []);
  });

  it('ends in the background when the user pauses it, and goes on later', async () => {
    await scripted([PROGRESS], `process.stdin.on('end', () => process.exit(130)); ${WAIT}`);
    allow();
    await until(() => state.now[0] === 'Learning, 50 %', 'it learns');
    await fake.commands.get('chorus.learning.pause')?.();
    await until(() => state.now[0] === 'Learning is paused', 'it is paused');
    await fake.commands.get('chorus.learning.resume')?.();
    await until(() => state.now[0] === 'Learning, 50 %', 'it learns again');
    memory.forget();
    await until(() => state.now.length === 0, 'the user forgot the workspace');
    assert.deepEqual(logged, []);
  });

  it('pauses in the background at input', { skip: process.platform !== 'linux' }, async () => {
    await scripted([PROGRESS], WAIT);
    allow();
    await until(() => state.now[0] === 'Learning, 50 %', 'it learns');
    const document = { uri: { scheme: 'file' } };
    fake.selectionChanged.fire({ textEditor: { document: { uri: { scheme: 'output' } } } });
    assert.equal(state.now[0], 'Learning, 50 %', 'the log changes by itself');
    fake.selectionChanged.fire({ textEditor: { document } });
    assert.equal(state.now[0], 'Learning pauses while you work');
    await until(async () => (await noted('words')) === 'pause\n', 'the process is told');
    await until(async () => (await noted('words')) === 'pause\nresume\n', 'it goes on');
  });

  it('offers once to learn by itself, if the setting is on', async () => {
    fake.pressed = 'Not This Folder';
    fake.configuration.user = { 'learning.enabled': true };
    memory.isPaused = false;
    await until(() => memory.permission === 'refused', 'the answer is kept');
    memory.permission = undefined;
    assert.deepEqual(fake.messages, ['Chorus can learn the code of shop when this window is idle.']);
    assert.equal(existsSync(path.join(folder, 'arguments')), false);
  });

  it('shows what was learnt', async () => {
    const expert = {
      ...{ files: 12, trainedTokens: 50_000, bytes: 35_200_000, fitsModel: true, adopted: true },
      heldOut: { ...HELD_OUT, natsBefore: 1.5, natsAfter: 1.25 },
      general: { natsBefore: 1, natsAfter: 1.001 },
    };
    await scripted([{ expert, isUnfinished: true }], 'process.exit(0);');
    fake.commands
      .get('chorus.learning.show')?.()
      .catch(() => undefined);
    await said(1);
    assert.equal(fake.messages[0], 'What Was Learnt');
    assert.match(await noted('arguments'), /^learn \/shop --status --json --workspace-key \w+$/);
  });
});
