import { element, fill } from './dom.ts';
import { icon } from './icons.ts';
import type { ChatStrings, ConversationSummary } from './messages.ts';

interface Row {
  readonly id: string;
  readonly root: HTMLElement;
  readonly open: HTMLButtonElement;
  readonly remove: HTMLButtonElement;
}

export interface HistoryActions {
  open(id: string): void;
  remove(id: string): void;
  create(): void;
  close(): void;
}

/** The workspace's conversations, newest first. */
export class HistoryPane {
  readonly root: HTMLElement;
  readonly #list = element('ul', { class: 'history-list' });
  readonly #empty: HTMLElement;
  #currentId = '';
  #rows: readonly Row[] = [];

  constructor(
    private readonly strings: ChatStrings,
    private readonly actions: HistoryActions,
  ) {
    this.#empty = element('p', { class: 'history-empty', text: strings.noHistory });
    this.root = element('section', {
      class: 'history',
      attributes: { 'aria-label': strings.history },
      children: [
        element('header', {
          class: 'history-header',
          children: [
            element('h2', { text: strings.history }),
            this.#button('add', strings.newChat, () => actions.create()),
            this.#button('close', strings.closeHistory, () => actions.close()),
          ],
        }),
        this.#empty,
        this.#list,
      ],
    });
    this.root.hidden = true;
    this.root.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') actions.close();
    });
  }

  get isOpen(): boolean {
    return !this.root.hidden;
  }

  setOpen(open: boolean): void {
    this.root.hidden = !open;
    if (open) this.#focusFirst();
  }

  /**
   * Shows the conversations. The focus stays on its conversation. If that is gone, it moves to the next one, or else to
   * the previous one.
   */
  show(conversations: readonly ConversationSummary[], currentId: string): void {
    this.#currentId = currentId;
    const before = this.#rows;
    const focused = before.findIndex(({ root }) => root.contains(document.activeElement));
    const isOnRemove = before[focused]?.remove === document.activeElement;
    this.#empty.hidden = conversations.length > 0;
    this.#rows = conversations.map((conversation) => this.#row(conversation));
    this.#list.replaceChildren(...this.#rows.map(({ root }) => root));
    if (focused < 0) return;
    const byNearness = [...before.slice(focused), ...before.slice(0, focused).reverse()];
    const row = byNearness
      .map(({ id }) => this.#rows.find((shown) => shown.id === id))
      .find((shown) => shown !== undefined);
    if (!row) this.#focusFirst();
    else if (isOnRemove && row.id === before[focused]?.id) row.remove.focus();
    else row.open.focus();
  }

  #focusFirst(): void {
    (this.#rows[0]?.open ?? this.root.querySelector('button'))?.focus();
  }

  #row({ id, title, when }: ConversationSummary): Row {
    const open = element('button', {
      class: 'history-open',
      attributes: { type: 'button', ...(id === this.#currentId ? { 'aria-current': 'true' } : {}) },
      children: [
        element('span', { class: 'history-title', text: title, attributes: { dir: 'auto' } }),
        element('span', { class: 'history-when', text: when }),
      ],
      onClick: () => this.actions.open(id),
    });
    const remove = this.#button('remove', fill(this.strings.deleteChat, title), () => this.actions.remove(id));
    return { id, root: element('li', { children: [open, remove] }), open, remove };
  }

  #button(name: 'add' | 'close' | 'remove', label: string, onClick: () => void): HTMLButtonElement {
    return element('button', {
      class: 'icon-button',
      attributes: { type: 'button', title: label, 'aria-label': label },
      children: [icon(name)],
      onClick,
    });
  }
}
