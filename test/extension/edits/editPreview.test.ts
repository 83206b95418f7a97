import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as vscode from 'vscode';
import { FakeDocument } from '../documents/support/fakeDocument.ts';
import '../documents/support/useFakeVscode.ts';
import {
  commands,
  EventEmitter,
  fake,
  Range,
  TabInputTextDiff,
  Uri,
  window,
  workspace,
  type WorkspaceEdit,
} from '../documents/support/vscode.ts';

interface Tab {
  readonly input: TabInputTextDiff;
}

const FILE = Uri.file('/a.txt');
const document = new FakeDocument(FILE, '');
const handlers = new Map<string, () => Promise<void>>();
const tabsChanged = new EventEmitter<{ readonly closed: readonly Tab[] }>();
let tabs: Tab[] = [];
/** Edits that wait for the window's answer. */
let asked: ((isApplied: boolean | Error) => void)[] = [];

function close(closed: readonly Tab[]): void {
  tabs = tabs.filter((tab) => !closed.includes(tab));
  tabsChanged.fire({ closed });
}

Object.assign(workspace, {
  registerTextDocumentContentProvider: () => ({ dispose: () => undefined }),
  openTextDocument: async (uri: Uri) => (uri.scheme === 'file' ? document : new FakeDocument(uri, '')),
  applyEdit: (edit: WorkspaceEdit) =>
    new Promise<boolean>((resolve, reject) =>
      asked.push((isApplied) => {
        if (isApplied instanceof Error) return reject(isApplied);
        if (isApplied)
          for (const { range, text } of edit.replacements)
            document.change(document.offsetAt(range.start), document.getText(range).length, text);
        resolve(isApplied);
      }),
    ),
});
Object.assign(commands, {
  registerCommand: (name: string, handler: () => Promise<void>) => handlers.set(name, handler),
  executeCommand: async (_diff: string, original: Uri, modified: Uri) =>
    void tabs.push({ input: new TabInputTextDiff(original, modified) }),
});
Object.assign(window, {
  showTextDocument: async () => ({ revealRange: () => undefined }),
  tabGroups: {
    onDidChangeTabs: tabsChanged.event,
    get all() {
      return [{ tabs }];
    },
    get activeTabGroup() {
      return { activeTab: tabs[0] };
    },
    close: async (closed: readonly Tab[]) => close(closed),
  },
});

const { previewEdit, registerEditPreview } = await import('../../../extension/edits/editPreview.ts');
registerEditPreview({ subscriptions: [] } as unknown as vscode.ExtensionContext);

/**
 * Presses a button without waiting. Its command may finish only after the window's next answer, or never if it shows a
 * message.
 */
function press(name: 'accept' | 'reject'): void {
  handlers.get(`chorus.edit.${name}`)!().catch((error: unknown) => assert.equal(error, brokenWindow));
}

const brokenWindow = new Error('The window is gone.');
const answer = (isApplied: boolean | Error): void => asked.shift()!(isApplied);

/** Returns the preview of an edit that changes "one" to "one two". */
async function preview(): Promise<Promise<string>[]> {
  const decision = previewEdit({
    uri: FILE as unknown as vscode.Uri,
    range: new Range(0, 0, 0, 3) as unknown as vscode.Range,
    newText: 'one two',
    title: 'Fix',
    label: 'Fix',
  });
  await nextTurn();
  // Wrapped in an array, so that awaiting the preview does not await the decision.
  return [decision];
}

describe('the preview of an edit', () => {
  beforeEach(() => {
    fake.open([], {});
    document.text = 'one\n';
    tabs = [];
    asked = [];
  });

  it('is applied once, however quickly it is accepted again', async () => {
    const [decision] = await preview();
    press('accept');
    press('accept');
    assert.equal(asked.length, 1);
    answer(true);
    assert.equal(await decision, 'accepted');
    assert.equal(document.text, 'one two\n');
    assert.deepEqual([tabs, fake.messages], [[], []]);
  });

  it('stays accepted if it is rejected or closed while it is applied', async () => {
    for (const tooLate of [() => press('reject'), () => close(tabs)]) {
      document.text = 'one\n';
      const [decision] = await preview();
      press('accept');
      tooLate();
      answer(true);
      assert.equal(await decision, 'accepted');
      assert.equal(document.text, 'one two\n');
    }
  });

  for (const failure of [false, brokenWindow]) {
    it(`can be accepted again if ${failure ? 'the window failed to apply it' : 'it could not be applied'}, unless it was closed meanwhile`, async () => {
      const [decision] = await preview();
      press('accept');
      answer(failure);
      await nextTurn();
      press('accept');
      answer(true);
      assert.equal(await decision, 'accepted');

      const [closed] = await preview();
      press('accept');
      close(tabs);
      answer(failure);
      assert.equal(await closed, 'rejected');
    });
  }
});
