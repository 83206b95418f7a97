import './chat.css';
import { Announcer } from './announcer.ts';
import { Composer } from './composer.ts';
import { ConversationPane } from './conversationPane.ts';
import { element } from './dom.ts';
import { HistoryPane } from './historyPane.ts';
import { MarkdownRenderer } from './markdown.ts';
import type { ConversationSummary, HostMessage, PageMessage } from './messages.ts';
import { ReadingPosition, type PageState } from './readingPosition.ts';

interface VsCodeApi extends PageState {
  postMessage(message: PageMessage): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

const vscode = acquireVsCodeApi();
const post = (message: PageMessage): void => vscode.postMessage(message);

/** The page. It is created after the host has sent the language. */
class ChatPage {
  readonly #announcer: Announcer;
  readonly #conversation: ConversationPane;
  readonly #composer: Composer;
  readonly #history: HistoryPane;
  #conversationId = '';
  #conversations: readonly ConversationSummary[] = [];

  constructor(init: Extract<HostMessage, { type: 'init' }>) {
    const { strings, commands } = init;
    const live = element('div', {
      class: 'screen-reader-only',
      attributes: { role: 'status', 'aria-live': 'polite', 'aria-atomic': 'false' },
    });
    this.#announcer = new Announcer(live);
    this.#composer = new Composer({
      strings,
      commands,
      chips: { add: (kind) => post({ type: 'addChip', kind }), remove: (id) => post({ type: 'removeChip', id }) },
      send: (text) => post({ type: 'send', text }),
      stop: () => post({ type: 'stop' }),
      dictate: () => post({ type: 'dictate' }),
      focused: () => post({ type: 'focused' }),
      draftChanged: (text) => post({ type: 'draft', text }),
    });
    this.#conversation = new ConversationPane({
      strings,
      commands,
      renderer: new MarkdownRenderer(window),
      announcer: this.#announcer,
      position: new ReadingPosition(vscode),
      actions: {
        copy: (text) => {
          post({ type: 'copy', text });
          this.#announcer.say(strings.copied);
        },
        insert: (code) => post({ type: 'insert', code }),
        apply: (code) => post({ type: 'apply', code }),
        retry: (id) => post({ type: 'retry', id }),
        runRemedy: (command) => post({ type: 'remedy', command }),
        openSource: ({ uri, line }) => post({ type: 'openSource', uri, line }),
      },
      openLink: (href) => post({ type: 'openLink', href }),
      chooseCommand: (name) => this.#composer.chooseCommand(name),
      chooseModel: () => post({ type: 'chooseModel' }),
    });
    this.#history = new HistoryPane(strings, {
      open: (id) => post({ type: 'openConversation', id }),
      remove: (id) => post({ type: 'deleteConversation', id }),
      create: () => post({ type: 'newConversation' }),
      close: () => this.#showHistory(false),
    });
    document.body.replaceChildren(
      element('main', {
        class: 'chat',
        children: [this.#history.root, this.#conversation.root, this.#composer.root, live],
      }),
    );
    this.#composer.setText(init.draft);
    this.#composer.setListening(init.isListening);
    this.receive({ type: 'model', model: init.model });
    this.receive({ type: 'conversations', conversations: init.conversations });
    this.receive({ type: 'chips', chips: init.chips });
    this.receive({ type: 'conversation', conversation: init.conversation });
  }

  receive(message: Exclude<HostMessage, { type: 'init' }>): void {
    switch (message.type) {
      case 'conversation':
        this.#conversationId = message.conversation.id;
        // A hidden element can't be scrolled.
        this.#showHistory(false);
        this.#conversation.show(message.conversation);
        this.#composer.setAnswering(message.conversation.streamingId !== undefined);
        this.#history.show(this.#conversations, this.#conversationId);
        break;
      case 'model':
        this.#conversation.showModel(message.model);
        break;
      case 'conversations':
        this.#conversations = message.conversations;
        this.#history.show(this.#conversations, this.#conversationId);
        break;
      case 'chips':
        this.#composer.chipBar.show(message.chips);
        break;
      case 'turn':
        if (message.question) this.#conversation.addQuestion(message.question);
        this.#conversation.addAnswer(message.answer, true);
        this.#composer.setAnswering(true);
        break;
      case 'chunk':
        this.#conversation.appendChunk(message.id, message.text);
        break;
      case 'ended':
        this.#conversation.endAnswer(message.answer);
        this.#composer.setAnswering(false);
        break;
      case 'dictation':
        this.#composer.setListening(message.isListening);
        break;
      case 'dictated':
        this.#composer.showDictated(message);
        break;
      case 'focusInput':
        this.#showHistory(false);
        this.#composer.focus();
        break;
      case 'showHistory':
        this.#showHistory(!this.#history.isOpen);
        break;
    }
  }

  /** Focuses the input box, unless another element of the page has the focus. */
  takeFocus(): void {
    if (document.activeElement === document.body && !this.#history.isOpen) this.#composer.focus();
  }

  #showHistory(open: boolean): void {
    const wasOpen = this.#history.isOpen;
    this.#history.setOpen(open);
    this.#conversation.root.hidden = open;
    this.#composer.root.hidden = open;
    if (wasOpen && !open) this.#composer.focus();
  }
}

let page: ChatPage | undefined;
window.addEventListener('message', (event: MessageEvent<HostMessage>) => {
  if (event.data.type === 'init') page = new ChatPage(event.data);
  else page?.receive(event.data);
});
// The editor's commands focus the page as a whole. A click focuses its target, which has happened by the next frame.
window.addEventListener('focus', () => requestAnimationFrame(() => page?.takeFocus()));
post({ type: 'ready' });
