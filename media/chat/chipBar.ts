import { element, fill } from './dom.ts';
import { icon } from './icons.ts';
import type { ChatStrings, ChipKind, ContextChip } from './messages.ts';

export interface ChipActions {
  add(kind: ChipKind): void;
  remove(id: string): void;
}

/** The context chips of a question, and buttons to add more. */
export class ChipBar {
  readonly root: HTMLElement;
  readonly #list: HTMLElement;

  constructor(
    private readonly strings: ChatStrings,
    private readonly actions: ChipActions,
  ) {
    this.#list = element('ul', { class: 'chips', attributes: { 'aria-label': strings.context } });
    const kinds: readonly [ChipKind, string][] = [
      ['selection', strings.addSelection],
      ['file', strings.addFile],
      ['diagnostics', strings.addDiagnostics],
    ];
    const adders = element('div', {
      class: 'chip-adders',
      attributes: { role: 'group', 'aria-label': strings.addContext },
      children: kinds.map(([kind, label]) =>
        element('button', {
          class: 'icon-button',
          attributes: { type: 'button', title: label, 'aria-label': label },
          children: [icon(kind)],
          onClick: () => actions.add(kind),
        }),
      ),
    });
    this.root = element('div', { class: 'chip-bar', children: [adders, this.#list] });
  }

  show(chips: readonly ContextChip[]): void {
    const focused = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(
      ...chips.map((chip) => {
        const remove = fill(this.strings.removeContext, chip.label);
        return element('li', {
          class: 'chip',
          attributes: { title: chip.description },
          children: [
            icon(chip.kind),
            element('span', { class: 'chip-label', text: chip.label, attributes: { dir: 'auto' } }),
            element('button', {
              class: 'icon-button',
              attributes: { type: 'button', title: remove, 'aria-label': remove },
              children: [icon('close')],
              onClick: () => this.actions.remove(chip.id),
            }),
          ],
        });
      }),
    );
    if (focused) (this.#list.querySelector('button') ?? this.root.querySelector('button'))?.focus();
  }
}
