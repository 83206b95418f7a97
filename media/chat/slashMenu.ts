import { element } from './dom.ts';
import type { SlashCommand } from './messages.ts';

const MENU_ID = 'slash-menu';

/** The list of slash commands above the input. The focus stays in the input, which refers to the active option. */
export class SlashMenu {
  readonly root: HTMLElement;
  #matches: readonly SlashCommand[] = [];
  #active = 0;

  constructor(
    private readonly input: HTMLTextAreaElement,
    private readonly commands: readonly SlashCommand[],
    label: string,
    private readonly choose: (name: string) => void,
  ) {
    this.root = element('ul', {
      class: 'slash-menu',
      attributes: { id: MENU_ID, role: 'listbox', 'aria-label': label },
    });
    this.root.hidden = true;
    input.setAttribute('aria-controls', MENU_ID);
    input.setAttribute('aria-autocomplete', 'list');
  }

  get isOpen(): boolean {
    return !this.root.hidden;
  }

  /** Opens, narrows or closes the list after a change of the input. */
  update(): void {
    const typed = /^\/([a-z]*)$/.exec(this.input.value.slice(0, this.input.selectionStart))?.[1];
    this.#matches = typed === undefined ? [] : this.commands.filter(({ name }) => name.startsWith(typed));
    this.#active = 0;
    this.#render();
  }

  close(): void {
    this.#matches = [];
    this.#render();
  }

  /** Handles a key if the list is open. Returns true if the key belongs to the list. */
  handleKey(event: KeyboardEvent): boolean {
    if (!this.isOpen) return false;
    const last = this.#matches.length - 1;
    switch (event.key) {
      case 'ArrowDown':
        this.#active = this.#active === last ? 0 : this.#active + 1;
        break;
      case 'ArrowUp':
        this.#active = this.#active === 0 ? last : this.#active - 1;
        break;
      case 'Home':
        this.#active = 0;
        break;
      case 'End':
        this.#active = last;
        break;
      case 'Escape':
        this.close();
        return true;
      case 'Enter':
      case 'Tab': {
        const match = this.#matches[this.#active];
        // A fully typed command is sent, not completed again.
        if (event.key === 'Enter' && match && this.input.value.trim() === `/${match.name}`) return false;
        if (match) this.choose(match.name);
        return true;
      }
      default:
        return false;
    }
    this.#render();
    return true;
  }

  #render(): void {
    this.root.hidden = this.#matches.length === 0;
    this.root.replaceChildren(
      ...this.#matches.map(({ name, description }, index) => {
        const option = element('li', {
          class: 'slash-option',
          attributes: { id: `${MENU_ID}-${name}`, role: 'option', 'aria-selected': String(index === this.#active) },
          children: [
            element('span', { class: 'command', text: `/${name}` }),
            element('span', { class: 'description', text: description }),
          ],
          onClick: () => this.choose(name),
        });
        // Keeps the focus in the input.
        option.addEventListener('mousedown', (event) => event.preventDefault());
        return option;
      }),
    );
    const match = this.#matches[this.#active];
    if (match) this.input.setAttribute('aria-activedescendant', `${MENU_ID}-${match.name}`);
    else this.input.removeAttribute('aria-activedescendant');
  }
}
