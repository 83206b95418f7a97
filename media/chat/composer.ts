import { ChipBar, type ChipActions } from './chipBar.ts';
import { element } from './dom.ts';
import { icon } from './icons.ts';
import type { ChatStrings, SlashCommand } from './messages.ts';
import { SlashMenu } from './slashMenu.ts';

export interface ComposerOptions {
  readonly strings: ChatStrings;
  readonly commands: readonly SlashCommand[];
  readonly chips: ChipActions;
  send(text: string): void;
  stop(): void;
  dictate(): void;
  /** Called when the box gets the keyboard's focus. */
  focused(): void;
  /** Called when the user changes the text. */
  draftChanged(text: string): void;
}

/** The input area: context chips, a box with slash commands, and a button to send or stop. */
export class Composer {
  readonly root: HTMLElement;
  readonly chipBar: ChipBar;
  readonly #input: HTMLTextAreaElement;
  readonly #menu: SlashMenu;
  readonly #button: HTMLButtonElement;
  readonly #microphone: HTMLButtonElement;
  #answering = false;

  constructor(private readonly options: ComposerOptions) {
    const { strings, commands, chips } = options;
    this.chipBar = new ChipBar(strings, chips);
    this.#input = element('textarea', {
      class: 'input',
      attributes: {
        rows: '1',
        dir: 'auto',
        'aria-label': strings.askLabel,
        'aria-haspopup': 'listbox',
        placeholder: strings.askPlaceholder,
      },
    });
    this.#menu = new SlashMenu(this.#input, commands, strings.commands, (name) => this.chooseCommand(name));
    this.#button = element('button', { class: 'send', attributes: { type: 'button' }, onClick: () => this.#act() });
    this.#microphone = element('button', {
      class: 'microphone',
      attributes: { type: 'button' },
      onClick: () => options.dictate(),
    });
    this.root = element('form', {
      class: 'composer',
      attributes: { 'aria-label': strings.askLabel },
      children: [
        this.#menu.root,
        this.chipBar.root,
        element('div', { class: 'input-row', children: [this.#input, this.#microphone, this.#button] }),
      ],
    });
    this.root.addEventListener('submit', (event) => event.preventDefault());
    this.#input.addEventListener('input', () => this.#edited());
    this.#input.addEventListener('keydown', (event) => this.#keyDown(event));
    this.#input.addEventListener('blur', () => this.#menu.close());
    this.#input.addEventListener('focus', () => options.focused());
    this.#showButton();
    this.setListening(false);
  }

  get text(): string {
    return this.#input.value;
  }

  /** Replaces the text of the box. */
  setText(text: string): void {
    this.#input.value = text;
    this.#menu.close();
    this.#showButton();
  }

  /** Shows whether the microphone is open. */
  setListening(isListening: boolean): void {
    const { strings } = this.options;
    const label = isListening ? strings.stopDictating : strings.dictate;
    this.#microphone.replaceChildren(icon('microphone'));
    this.#microphone.title = label;
    this.#microphone.setAttribute('aria-label', label);
    this.#microphone.setAttribute('aria-pressed', `${isListening}`);
  }

  /** Shows the text with the dictated words, unless the user has changed the previous text. */
  showDictated({ previous, text }: { readonly previous: string; readonly text: string }): void {
    if (this.#input.value !== previous) return;
    this.setText(text);
    this.#input.setSelectionRange(this.#input.value.length, this.#input.value.length);
  }

  setAnswering(answering: boolean): void {
    this.#answering = answering;
    this.#showButton();
  }

  focus(): void {
    this.#input.focus();
  }

  chooseCommand(name: string): void {
    const { value, selectionStart } = this.#input;
    // The typed part of the command up to the cursor, or the command that was there before.
    const typed =
      /^\/[a-z]*$/.exec(value.slice(0, selectionStart))?.[0] ??
      this.options.commands
        .map((command) => `/${command.name}`)
        .find((command) => `${value} `.startsWith(`${command} `)) ??
      '';
    this.#input.value = `/${name} ${value.slice(typed.length).trimStart()}`;
    this.#edited();
    this.focus();
    this.#input.setSelectionRange(this.#input.value.length, this.#input.value.length);
  }

  #edited(): void {
    this.#menu.update();
    this.options.draftChanged(this.#input.value);
    this.#showButton();
  }

  #keyDown(event: KeyboardEvent): void {
    // While an input method composes, it handles Enter.
    if (event.isComposing) return;
    if (this.#menu.handleKey(event)) event.preventDefault();
    else if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      if (!this.#answering) this.#send();
    } else if (event.key === 'Escape' && this.#answering) {
      event.preventDefault();
      this.options.stop();
    }
  }

  #act(): void {
    if (this.#answering) this.options.stop();
    else this.#send();
    this.focus();
  }

  #send(): void {
    const text = this.#input.value.trim();
    if (text === '') return;
    this.options.send(text);
    this.#input.value = '';
    this.#edited();
  }

  #showButton(): void {
    const { strings } = this.options;
    const label = this.#answering ? strings.stop : strings.send;
    this.#button.replaceChildren(icon(this.#answering ? 'stop' : 'send'));
    this.#button.title = label;
    this.#button.setAttribute('aria-label', label);
    this.#button.disabled = !this.#answering && this.#input.value.trim() === '';
  }
}
