import { element } from './dom.ts';
import { isWebLink } from './markdown.ts';
import { AnswerElement, questionElement, type AnswerContext } from './messageView.ts';
import type { AnsweringModel, ConversationView, MessageView, SlashCommand } from './messages.ts';
import type { ReadingPosition } from './readingPosition.ts';

/** The distance from the end, in pixels, within which the view follows a growing answer. */
const FOLLOW_PX = 60;

export interface ConversationPaneOptions extends AnswerContext {
  readonly commands: readonly SlashCommand[];
  readonly position: ReadingPosition;
  openLink(href: string): void;
  chooseCommand(name: string): void;
  chooseModel(): void;
}

/** The messages of one conversation, oldest first. It follows a growing answer unless the reader has scrolled away. */
export class ConversationPane {
  readonly root: HTMLElement;
  readonly #list = element('div', { class: 'messages' });
  readonly #welcome: HTMLElement;
  /** The welcome's line about whether questions leave the machine. */
  readonly #place = element('p');
  /** The welcome's suggested questions. */
  readonly #suggestions: HTMLElement;
  /** A notice above all messages while the bundled model answers. */
  readonly #modelNotice: HTMLElement;
  #answers = new Map<string, AnswerElement>();
  #lastAnswer: AnswerElement | undefined;
  #conversationId = '';

  constructor(private readonly options: ConversationPaneOptions) {
    const { strings, commands } = options;
    this.#suggestions = element('ul', {
      class: 'suggestions',
      children: commands.map(({ name, description }) =>
        element('li', {
          children: [
            element('button', {
              class: 'suggestion',
              attributes: { type: 'button' },
              children: [
                element('span', { class: 'command', text: `/${name}` }),
                element('span', { class: 'description', text: description }),
              ],
              onClick: () => options.chooseCommand(name),
            }),
          ],
        }),
      ),
    });
    this.#welcome = element('section', {
      class: 'welcome',
      children: [element('h2', { text: strings.welcomeTitle }), this.#place, this.#suggestions],
    });
    this.#modelNotice = element('aside', {
      class: 'model-notice',
      children: [
        element('p', { text: strings.bundledModel }),
        element('button', {
          class: 'link',
          text: strings.chooseModel,
          attributes: { type: 'button' },
          onClick: () => options.chooseModel(),
        }),
      ],
    });
    this.root = element('div', {
      class: 'conversation',
      attributes: { role: 'log', 'aria-live': 'off', 'aria-label': strings.conversation, tabindex: '0' },
      children: [this.#modelNotice, this.#welcome, this.#list],
    });
    this.root.addEventListener('click', (event) => this.#clicked(event));
    this.root.addEventListener('auxclick', (event) => this.#clicked(event));
    new ResizeObserver(() => this.#followEnd()).observe(this.#list);
    this.root.addEventListener('scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = this.root;
      this.#follows = scrollHeight - scrollTop - clientHeight < FOLLOW_PX;
      options.position.keep({ conversationId: this.#conversationId, scrollTop: this.#follows ? undefined : scrollTop });
    });
  }

  #follows = true;

  /** Shows a conversation at its last reading position, or at its end if none is known. */
  show(conversation: ConversationView): void {
    this.#conversationId = conversation.id;
    const top = this.options.position.of(conversation.id);
    this.#list.replaceChildren();
    this.#answers = new Map();
    this.#lastAnswer = undefined;
    for (const message of conversation.messages) {
      if (message.role === 'user') this.addQuestion(message);
      else this.addAnswer(message, message.id === conversation.streamingId);
    }
    this.#follows = top === undefined;
    this.#updateWelcome();
    this.#followEnd();
    if (top !== undefined) this.root.scrollTop = top;
  }

  showModel({ isBundled, place }: AnsweringModel): void {
    this.#modelNotice.hidden = !isBundled;
    this.#place.textContent = place;
  }

  addQuestion(message: MessageView): void {
    this.#lastAnswer?.followed();
    this.#list.append(questionElement(message, this.options.strings));
    this.#updateWelcome();
  }

  addAnswer(message: MessageView, streaming: boolean): void {
    const answer = new AnswerElement(message, this.options);
    this.#answers.get(message.id)?.root.remove();
    this.#answers.set(message.id, answer);
    this.#lastAnswer = answer;
    this.#list.append(answer.root);
    if (streaming) {
      answer.startStreaming();
      this.#follows = true;
    } else {
      answer.end(message);
    }
    this.#updateWelcome();
  }

  appendChunk(id: string, text: string): void {
    this.#answers.get(id)?.append(text);
  }

  endAnswer(message: MessageView): void {
    this.#answers.get(message.id)?.end(message);
  }

  #updateWelcome(): void {
    this.#welcome.hidden = this.#list.childElementCount > 0;
  }

  /** Shows the end of a conversation that the reader follows. The welcome of an empty one is read from its top. */
  #followEnd(): void {
    if (this.#follows) this.root.scrollTop = this.#welcome.hidden ? this.root.scrollHeight : 0;
  }

  /** Links never navigate. The host passes them to VS Code, which asks the user. */
  #clicked(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    const href = link.getAttribute('href') ?? '';
    if (isWebLink(href)) this.options.openLink(href);
  }
}
