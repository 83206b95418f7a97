import { AnswerView } from './answerView.ts';
import type { Announcer } from './announcer.ts';
import { decorateCodeBlock, type CodeActions } from './codeBlock.ts';
import { element } from './dom.ts';
import { icon } from './icons.ts';
import type { MarkdownRenderer } from './markdown.ts';
import type { ChatStrings, MessageView, RemedyButton, Source } from './messages.ts';
import { ThinkingSplitter } from './thinking.ts';

interface AnswerActions extends CodeActions {
  retry(id: string): void;
  openSource(source: Source): void;
  runRemedy(command: string): void;
}

/** Returns a user's message as plain text, as typed. */
export function questionElement(message: MessageView, strings: ChatStrings): HTMLElement {
  const command = /^\/[a-z]+(?=\s|$)/.exec(message.content)?.[0] ?? '';
  const rest = message.content.slice(command.length);
  return element('article', {
    class: 'message question',
    attributes: { 'aria-label': strings.you },
    children: [
      element('div', {
        class: 'body',
        attributes: { dir: 'auto' },
        children: command
          ? [element('span', { class: 'command', text: command }), document.createTextNode(rest)]
          : [document.createTextNode(rest)],
      }),
    ],
  });
}

export interface AnswerContext {
  readonly strings: ChatStrings;
  readonly renderer: MarkdownRenderer;
  readonly actions: AnswerActions;
  readonly announcer: Announcer;
}

/** An answer, during and after its writing. */
export class AnswerElement {
  readonly root: HTMLElement;
  readonly #body = element('div', { class: 'body' });
  readonly #footer = element('div', { class: 'footer' });
  readonly #answer: AnswerView;
  readonly #splitter = new ThinkingSplitter();
  #thought: HTMLElement | undefined;
  /** The answer without the thoughts before it. */
  #text = '';
  #isLast = true;
  #retry: HTMLButtonElement | undefined;
  /** Whether parts are announced. Finished answers of the history are not. */
  #announces = false;

  constructor(
    private readonly message: MessageView,
    private readonly context: AnswerContext,
  ) {
    this.root = element('article', {
      class: 'message answer',
      attributes: { 'aria-label': context.strings.assistant },
      children: [this.#body, this.#footer],
    });
    this.#answer = new AnswerView(this.#body, context.renderer, (nodes) => this.#blockDone(nodes));
    if (message.content) this.append(message.content);
  }

  get id(): string {
    return this.message.id;
  }

  startStreaming(): void {
    // The existing text must have its height before the conversation is scrolled. It was already announced.
    this.#answer.flush();
    this.#announces = true;
    this.root.classList.add('streaming');
    this.root.setAttribute('aria-busy', 'true');
    this.context.announcer.say(this.context.strings.answering);
  }

  append(text: string): void {
    this.#show(this.#splitter.append(text));
  }

  end(message: MessageView): void {
    this.#show(this.#splitter.finish());
    this.#answer.finish();
    this.root.classList.remove('streaming');
    this.root.removeAttribute('aria-busy');
    const { strings, actions, announcer } = this.context;
    this.#footer.replaceChildren();
    if (message.notice) {
      this.#footer.append(
        element('p', {
          class: message.failed ? 'notice failed' : 'notice',
          text: message.notice,
          attributes: { dir: 'auto' },
        }),
      );
    }
    if (message.sources?.length) this.#footer.append(this.#sources(message.sources));
    const buttons = element('div', { class: 'answer-actions' });
    // Blank lines separate an answer from the thoughts before it.
    const copy = this.#text.replace(/^\s*\n/, '').trimEnd();
    if (copy !== '') buttons.append(this.#button('copy', strings.copy, () => actions.copy(copy)));
    if (this.#isLast) {
      this.#retry = this.#button('retry', strings.retry, () => actions.retry(message.id), message.failed ?? false);
      buttons.append(this.#retry);
    }
    buttons.append(...(message.remedies ?? []).map((remedy) => this.#remedy(remedy)));
    this.#footer.append(buttons);
    if (this.#announces) announcer.say(message.notice ?? strings.answerDone);
    this.#announces = false;
  }

  /** Called when another question follows. Only the last answer can be requested again. */
  followed(): void {
    this.#isLast = false;
    this.#retry?.remove();
  }

  #sources(sources: readonly Source[]): HTMLElement {
    const { strings, actions } = this.context;
    const links = sources.map((source) =>
      element('li', {
        children: [
          element('button', {
            class: 'source',
            text: source.label,
            attributes: { type: 'button', dir: 'ltr' },
            onClick: () => actions.openSource(source),
          }),
        ],
      }),
    );
    return element('details', {
      class: 'sources',
      children: [
        element('summary', { text: `${strings.sources} (${sources.length})` }),
        element('ul', { children: links }),
      ],
    });
  }

  #remedy({ title, command }: RemedyButton): HTMLButtonElement {
    return element('button', {
      class: 'text-button',
      text: title,
      attributes: { type: 'button' },
      onClick: () => this.context.actions.runRemedy(command),
    });
  }

  #button(name: 'copy' | 'retry', label: string, onClick: () => void, withText = false): HTMLButtonElement {
    return element('button', {
      class: withText ? 'text-button' : 'icon-button',
      attributes: { type: 'button', title: label, 'aria-label': label },
      children: withText ? [icon(name), document.createTextNode(label)] : [icon(name)],
      onClick,
    });
  }

  #show({ thought, answer }: { readonly thought: string; readonly answer: string }): void {
    if (thought !== '') {
      if (!this.#thought) {
        this.#thought = element('div', { class: 'thought', attributes: { dir: 'auto' } });
        this.root.insertBefore(
          element('details', {
            class: 'thinking',
            children: [element('summary', { text: this.context.strings.thinking }), this.#thought],
          }),
          this.#body,
        );
      }
      this.#thought.append(thought);
    }
    if (answer === '') return;
    this.#text += answer;
    this.#answer.append(answer);
  }

  #blockDone(nodes: readonly Node[]): void {
    for (const node of nodes) {
      if (this.#announces) this.context.announcer.say(node.textContent ?? '');
      if (node instanceof HTMLPreElement) decorateCodeBlock(node, this.context.strings, this.context.actions);
      else if (node instanceof HTMLElement)
        node
          .querySelectorAll('pre')
          .forEach((block) => decorateCodeBlock(block, this.context.strings, this.context.actions));
    }
  }
}
