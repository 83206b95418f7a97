import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import { FakeConfiguration } from '../documents/support/fakeConfiguration.ts';
import { FakeMemento } from '../documents/support/fakeMemento.ts';
import { fake } from '../documents/support/vscode.ts';
import type { SidecarSession } from '../../../extension/sidecar/session.ts';
import type { ContextResult } from '../../../sidecar/protocol/client.ts';
import type { StatusBar } from '../../../extension/status/statusBar.ts';

const { registerContextView } = await import('../../../extension/contextView/registerContextView.ts');
const { LearningMemory } = await import('../../../extension/learning/learningMemory.ts');
const { LearningState } = await import('../../../extension/learning/learningState.ts');
const { showStatusMenu } = await import('../../../extension/status/statusMenu.ts');

const learning = new LearningState(new LearningMemory(new FakeMemento()));
const COMMAND = 'chorus.context.stopReadingAhead';

/** Opens a window whose user and workspace have these values of the setting. */
function open(user: boolean | undefined, workspace: boolean | undefined): void {
  const name = 'context.readAhead';
  fake.open(['/ws'], {});
  fake.configuration = new FakeConfiguration(
    user === undefined ? {} : { [name]: user },
    workspace === undefined ? {} : { [name]: workspace },
  );
  register({});
}

function register(session: Partial<SidecarSession>): void {
  registerContextView({ subscriptions: [] } as unknown as vscode.ExtensionContext, session as SidecarSession, learning);
}

/** Opens the status bar's menu and chooses the item with the command, if it is there. */
async function chooseInMenu(readingAhead: boolean): Promise<void> {
  const done: Promise<unknown>[] = [];
  fake.pick = (items) => (items as readonly { readonly command?: string }[]).find(({ command }) => command === COMMAND);
  fake.executeCommand = async (name) =>
    void done.push(fake.commands.get(name)?.() ?? Promise.reject(new Error(`no command ${name}`)));
  const sources = { session: { status: { readingAhead } }, snooze: { untilMs: 0 }, learning };
  await showStatusMenu(
    { kind: 'ready' } as unknown as StatusBar,
    sources as unknown as Parameters<typeof showStatusMenu>[1],
  );
  await Promise.all(done);
}

describe('"Stop Reading Related Files"', () => {
  const cases: readonly (readonly [
    where: string,
    user: boolean | undefined,
    workspace: boolean | undefined,
    after: readonly [user: boolean, workspace: boolean | undefined],
  ])[] = [
    ['no setting exists', undefined, undefined, [false, undefined]],
    ['the user switched it on', true, undefined, [false, undefined]],
    ['the workspace switched it on', undefined, true, [false, false]],
    ['it is off', false, false, [false, false]],
  ];
  for (const [where, user, workspace, after] of cases) {
    it(`switches reading ahead off permanently if ${where}`, async () => {
      open(user, workspace);
      await fake.commands.get(COMMAND)?.();
      assert.deepEqual(
        [fake.configuration.user['context.readAhead'], fake.configuration.workspace['context.readAhead']],
        after,
      );
      assert.equal(fake.configuration.get('context.readAhead'), false);
    });
  }

  it('is in the menu only while reading ahead is in progress', async () => {
    open(undefined, undefined);
    await chooseInMenu(false);
    assert.equal(fake.configuration.get('context.readAhead'), undefined);
    await chooseInMenu(true);
    assert.equal(fake.configuration.get('context.readAhead'), false);
  });
});

describe('"Show Context"', () => {
  const result: ContextResult = {
    index: { state: 'ready', files: 1 },
    budgetTokens: 100,
    plannedTokens: 0,
    snippets: [],
  };

  /** Opens the list and chooses its last item. Returns the labels and the commands that ran. */
  async function chooseLast(): Promise<{ readonly labels: readonly string[]; readonly ran: readonly string[] }> {
    fake.open(['/ws'], { '/ws/a.ts': '' });
    register({ request: (async () => result) as unknown as SidecarSession['request'] });
    fake.activeTextEditor = { document: { uri: 'file:///ws/a.ts' } };
    const labels: string[] = [];
    const ran: string[] = [];
    fake.pick = (items) => {
      labels.push(...(items as readonly vscode.QuickPickItem[]).map(({ label }) => label));
      return items.at(-1);
    };
    fake.executeCommand = async (name) => void ran.push(name);
    await fake.commands.get('chorus.context.show')?.();
    return { labels, ran };
  }

  it('tells what was learnt, and leads to the figures', async () => {
    learning.memory.last = { lines: 9, linesBefore: 4, linesAfter: 6 };
    assert.deepEqual(await chooseLast(), {
      labels: ['Only the document itself', '$(mortar-board) What Was Learnt'],
      ran: ['chorus.learning.show'],
    });
  });

  it('says nothing about learning if nothing was learnt', async () => {
    learning.memory.last = undefined;
    assert.deepEqual(await chooseLast(), { labels: ['Only the document itself'], ran: [] });
  });
});
