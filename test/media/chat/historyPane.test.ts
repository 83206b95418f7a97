import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JSDOM } from 'jsdom';
import { HistoryPane } from '../../../media/chat/historyPane.ts';
import type { ChatStrings, ConversationSummary } from '../../../media/chat/messages.ts';

const { window } = new JSDOM('');
const { document } = window;
Object.assign(globalThis, { document });
const strings = {
  history: 'History',
  noHistory: 'None',
  newChat: 'New',
  closeHistory: 'Close',
  deleteChat: 'Delete {0}',
} as ChatStrings;

const summaries = (...ids: readonly string[]): readonly ConversationSummary[] =>
  ids.map((id) => ({ id, title: id, when: 'today' }));

/** An open pane with these conversations. */
function pane(...ids: readonly string[]) {
  const nothing = (): void => undefined;
  const shown = new HistoryPane(strings, { open: nothing, remove: nothing, create: nothing, close: nothing });
  document.body.replaceChildren(shown.root);
  shown.show(summaries(...ids), '');
  shown.setOpen(true);
  const focus = (id: string, button: 'open' | 'remove'): void => {
    const row = [...shown.root.querySelectorAll('li')].find(({ textContent }) => textContent?.startsWith(id));
    row?.querySelector<HTMLElement>(button === 'open' ? '.history-open' : '.icon-button')?.focus();
  };
  const focused = (): string => {
    const { activeElement } = document;
    const id = activeElement?.closest('li')?.querySelector('.history-title')?.textContent;
    return id
      ? `${activeElement?.className === 'history-open' ? 'open' : 'remove'} ${id}`
      : (activeElement?.getAttribute('title') ?? '');
  };
  return { show: (...now: readonly string[]) => shown.show(summaries(...now), ''), focus, focused };
}

describe("the focus in the chat's history", () => {
  it('begins on the first conversation, or on the first button if there is none', () => {
    assert.equal(pane('one', 'two').focused(), 'open one');
    assert.equal(pane().focused(), 'New');
  });

  const cases: readonly (readonly [what: string, before: 'open' | 'remove', now: readonly string[], after: string])[] =
    [
      ['stays on its conversation when another appears before it', 'open', ['zero', 'one', 'two', 'three'], 'open two'],
      ['stays on its button', 'remove', ['two', 'one', 'three'], 'remove two'],
      ['moves to the next conversation when its own is deleted', 'remove', ['one', 'three'], 'open three'],
      ['moves to the previous conversation when the last is deleted', 'remove', ['one'], 'open one'],
      ['moves to the first button when none is left', 'remove', [], 'New'],
    ];
  for (const [what, before, now, after] of cases) {
    it(what, () => {
      const { show, focus, focused } = pane('one', 'two', 'three');
      focus('two', before);
      assert.equal(focused(), `${before} two`);
      show(...now);
      assert.equal(focused(), after);
    });
  }

  it('is not taken from other elements', () => {
    const { show, focused } = pane('one', 'two');
    const box = document.createElement('input');
    box.title = 'box';
    document.body.append(box);
    box.focus();
    show('two');
    assert.equal(focused(), 'box');
  });
});
