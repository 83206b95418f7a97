import { element, fill } from './dom.ts';
import { icon } from './icons.ts';
import type { ChatStrings, ConversationSummary } from './messages.ts';

export interface HistoryActions {
  open(id: string): void;
  remove(id: string): void;
  create(): void;
  close(): void;
}

/** The workspace's conversations, newest first. */
export class HistoryPane {
  readonly root: HTMLElement;
  private readonly list = element('ul', { class: 'history-list' });
  private readonly empty: HTMLElement;
  private currentId = '';

  constructor(
    private readonly strings: ChatStrings,
    private readonly actions: HistoryActions,
  ) {
    this.empty = element('p', { class: 'history-empty', text: strings.noHistory });
    this.root = element('section', {
      class: 'history',
      attributes: { 'aria-label': strings.history },
      children: [
        element('header', {
          class: 'history-header',
          children: [
            element('h2', { text: strings.history }),
            this.button('add', strings.newChat, () => actions.create()),
            this.button('close', strings.closeHistory, () => actions.close()),
          ],
        }),
        this.empty,
        this.list,
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
    if (open) this.root.querySelector<HTMLElement>('.history-open, button')?.focus();
  }

  show(conversations: readonly ConversationSummary[], currentId: string): void {
    this.currentId = currentId;
    const focused = this.list.contains(document.activeElement);
    this.empty.hidden = conversations.length > 0;
    this.list.replaceChildren(...conversations.map((conversation) => this.row(conversation)));
    if (focused) this.root.querySelector<HTMLElement>('.history-open, button')?.focus();
  }

  private row({ id, title, when }: ConversationSummary): HTMLElement {
    const open = element('button', {
      class: 'history-open',
      attributes: { type: 'button', ...(id === this.currentId ? { 'aria-current': 'true' } : {}) },
      children: [element('span', { class: 'history-title', text: title, attributes: { dir: 'auto' } }), element('span', { class: 'history-when', text: when })],
      onClick: () => this.actions.open(id),
    });
    return element('li', { children: [open, this.button('remove', fill(this.strings.deleteChat, title), () => this.actions.remove(id))] });
  }

  private button(name: 'add' | 'close' | 'remove', label: string, onClick: () => void): HTMLButtonElement {
    return element('button', { class: 'icon-button', attributes: { type: 'button', title: label, 'aria-label': label }, children: [icon(name)], onClick });
  }
}
