import * as l10n from '@vscode/l10n';
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { currentLanguage } from '../../l10n/currentLanguage.ts';
import type { ConversationSummary, ConversationView, HostMessage, MessageView } from '../../media/chat/messages.ts';
import {
  CHAT_REQUEST,
  type ChatCommand,
  type ChatParams,
  type ChatResult,
  type ContextItem,
} from '../../sidecar/protocol/client.ts';
import { localisedMessage } from '../sidecar/localisedMessage.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { remediesForError } from '../status/remedies.ts';
import { unlessCancelled } from '../sidecar/unlessCancelled.ts';
import type { ChatHistory } from './chatHistory.ts';
import type { ContextChips } from './contextChips.ts';
import { chatMessages, titleOf, withMessage, withoutLastAnswer, type Conversation } from './conversation.ts';
import { mentionsOf, withoutMentions } from './mentions.ts';
import { relativeTime } from './relativeTime.ts';
import { sourcesOf } from './sources.ts';
import { slashCommands } from './strings.ts';

const MAX_SYMBOLS = 8;

interface RunningAnswer {
  readonly conversationId: string;
  readonly cancellation: vscode.CancellationTokenSource;
  readonly done: Promise<void>;
  /** The text that was written so far. */
  message: MessageView;
}

export interface ChatControllerOptions {
  readonly session: SidecarSession;
  readonly history: ChatHistory;
  readonly chips: ContextChips;
  /** Sends a message to the page, if it is shown. */
  readonly post: (message: HostMessage) => void;
}

/**
 * The panel's conversation. It takes questions, streams answers and keeps the history, also while the page is hidden.
 */
export class ChatController {
  #conversation = newConversation();
  #running: RunningAnswer | undefined;
  /** Whether the chips include the code and files that the last question names. */
  #isContextFound = true;
  /** Settles when the last change of conversation is finished, or the answer to the last question is running. */
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ChatControllerOptions) {}

  get view(): ConversationView {
    const running = this.#running;
    const conversation = this.#conversation;
    const streaming = running?.conversationId === conversation.id ? running.message : undefined;
    return {
      id: conversation.id,
      messages: streaming ? [...conversation.messages, streaming] : conversation.messages,
      ...(streaming ? { streamingId: streaming.id } : {}),
    };
  }

  get summaries(): readonly ConversationSummary[] {
    const nowMs = Date.now();
    return this.options.history.list().map((conversation) => ({
      id: conversation.id,
      title: titleOf(conversation),
      when: relativeTime(conversation.updatedMs, nowMs, currentLanguage()),
    }));
  }

  /** Asks a question in the shown conversation. Stops an answer that is still being written. */
  async send(text: string): Promise<void> {
    const { answered } = await this.#inTurn(() => this.#begin(text));
    await answered;
  }

  /** Asks a question in a new conversation, with only this context. */
  async askAnew(text: string, context: readonly ContextItem[]): Promise<void> {
    const { answered } = await this.#inTurn(async () => {
      await this.#renew();
      for (const item of context) this.options.chips.addItem(item);
      return this.#begin(text);
    });
    await answered;
  }

  /**
   * Runs changes one after another, so that the second of two quick questions finds the first answer running and stops
   * it.
   */
  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const changed = this.#lastChange.then(change);
    this.#lastChange = changed.catch(() => undefined);
    return changed;
  }

  async #begin(text: string): Promise<{ readonly answered: Promise<void> }> {
    await this.stop();
    const question: MessageView = { id: randomUUID(), role: 'user', content: text };
    this.#update(withMessage(this.#conversation, question, Date.now()));
    this.#isContextFound = false;
    return { answered: this.#answer(question, question, commandOf(text)) };
  }

  /** Asks the last question again and replaces its answer. */
  async retry(answerId: string): Promise<void> {
    const { answered } = await this.#inTurn(async () => ({ answered: this.#answerAgain(answerId) }));
    await answered;
  }

  async #answerAgain(answerId: string): Promise<void> {
    if (this.#running) return;
    const shortened = withoutLastAnswer(this.#conversation, answerId);
    const question = shortened?.messages.at(-1);
    if (!shortened || !question) return;
    this.#update(shortened);
    this.options.post({ type: 'conversation', conversation: this.view });
    await this.#answer(undefined, question, commandOf(question.content));
  }

  /** Stops the answer that is being written. The text so far stays. */
  async stop(): Promise<void> {
    this.#running?.cancellation.cancel();
    await this.#running?.done;
  }

  async startNew(): Promise<void> {
    await this.#inTurn(() => this.#renew());
  }

  async #renew(): Promise<void> {
    await this.stop();
    this.options.chips.clear();
    this.#show(newConversation());
  }

  async open(id: string): Promise<void> {
    await this.#inTurn(() => this.#change(id));
  }

  async #change(id: string): Promise<void> {
    const conversation = this.options.history.get(id);
    if (!conversation) return;
    if (id !== this.#conversation.id) {
      await this.stop();
      this.options.chips.clear();
      // The files that its last question names are searched again if the question is asked again.
      this.#isContextFound = false;
    }
    this.#show(this.options.history.get(id) ?? conversation);
  }

  async delete(id: string): Promise<void> {
    await this.#inTurn(() => this.#remove(id));
  }

  async #remove(id: string): Promise<void> {
    if (id === this.#conversation.id) {
      await this.stop();
      this.options.chips.clear();
      this.options.history.remove(id);
      this.#conversation = newConversation();
      this.options.post({ type: 'conversation', conversation: this.view });
      this.options.post({ type: 'showHistory' });
    } else {
      this.options.history.remove(id);
    }
    this.options.post({ type: 'conversations', conversations: this.summaries });
  }

  /**
   * `asked` is posted with the answer. It is undefined if the question is asked again, since the page already shows it.
   */
  async #answer(
    asked: MessageView | undefined,
    question: MessageView,
    command: ChatCommand | undefined,
  ): Promise<void> {
    const cancellation = new vscode.CancellationTokenSource();
    const message: MessageView = { id: randomUUID(), role: 'assistant', content: '' };
    let finished = (): void => undefined;
    const done = new Promise<void>((resolve) => (finished = resolve));
    const running: RunningAnswer = { conversationId: this.#conversation.id, cancellation, done, message };
    this.#running = running;
    this.options.post({ type: 'turn', question: asked, answer: message });
    try {
      const end = await this.#request(running, question, command);
      running.message = { ...running.message, ...end };
    } finally {
      this.#running = undefined;
      cancellation.dispose();
      this.#update(withMessage(this.#conversation, running.message, Date.now()));
      this.options.post({ type: 'ended', answer: running.message });
      finished();
    }
  }

  /**
   * Streams the answer into `running` and returns the notice for its end. A failure becomes a notice and is never
   * thrown.
   */
  async #request(
    running: RunningAnswer,
    question: MessageView,
    command: ChatCommand | undefined,
  ): Promise<Partial<MessageView>> {
    const { session, post } = this.options;
    const { token } = running.cancellation;
    try {
      const messages = chatMessages(this.#conversation);
      const { workspace, symbols } = mentionsOf(messages.at(-1)?.content ?? '');
      const params: ChatParams = {
        conversationId: running.conversationId,
        messages: messages.map((message) =>
          message.role === 'user' ? { ...message, content: withoutMentions(message.content) } : message,
        ),
        ...(workspace ? { workspace } : {}),
        ...(symbols.length > 0 ? { symbols: symbols.slice(0, MAX_SYMBOLS) } : {}),
        // The panel already shows the question: the workspace and other extensions may take long to find what it names.
        context: await unlessCancelled(() => this.#context(question, command, token), token),
        displayLanguage: currentLanguage(),
        ...(command ? { command } : {}),
      };
      const result = await session.requestStreaming(
        CHAT_REQUEST,
        params,
        ({ text }) => {
          running.message = { ...running.message, content: running.message.content + text };
          post({ type: 'chunk', id: running.message.id, text });
        },
        token,
      );
      const sources = sourcesOf(params.context ?? [], result.sources);
      return { ...noticeOf(result, token.isCancellationRequested), ...(sources.length > 0 ? { sources } : {}) };
    } catch (error) {
      if (token.isCancellationRequested) return { notice: l10n.t('Stopped.') };
      return { notice: localisedMessage(error), failed: true, remedies: remediesForError(error) };
    }
  }

  /**
   * Returns the chips. The first call adds the files and code that the question names or its command needs. An
   * interrupted search is repeated when the question is asked again.
   */
  async #context(
    question: MessageView,
    command: ChatCommand | undefined,
    token: vscode.CancellationToken,
  ): Promise<readonly ContextItem[]> {
    const { chips } = this.options;
    if (!this.#isContextFound) {
      const { selection, files } = mentionsOf(question.content);
      if (selection) await chips.addTarget(token);
      for (const file of files) await chips.addNamedFile(file, token);
      if (command && chips.views.length === 0) await chips.addTarget(token);
      this.#isContextFound = !token.isCancellationRequested;
    }
    return chips.read();
  }

  #update(conversation: Conversation): void {
    this.#conversation = conversation;
    this.options.history.save(conversation);
    this.options.post({ type: 'conversations', conversations: this.summaries });
  }

  #show(conversation: Conversation): void {
    this.#conversation = conversation;
    this.options.post({ type: 'conversation', conversation: this.view });
  }
}

function newConversation(): Conversation {
  return { id: randomUUID(), updatedMs: Date.now(), messages: [] };
}

function commandOf(text: string): ChatCommand | undefined {
  const name = /^\s*\/([a-z]+)(?=\s|$)/.exec(text)?.[1];
  return slashCommands().some((command) => command.name === name) ? (name as ChatCommand) : undefined;
}

function noticeOf(result: ChatResult, cancelled: boolean): Partial<MessageView> {
  const notices = [
    cancelled || result.stopReason === 'cancelled' ? l10n.t('Stopped.') : '',
    result.stopReason === 'length' ? l10n.t('The answer reached its maximum length and ends here.') : '',
    result.missingSymbols?.length
      ? l10n.t('No definition of {0} was found in the workspace.', result.missingSymbols.join(', '))
      : '',
    result.omittedContext?.length
      ? l10n.t("Shortened or left out to fit into the model's context: {0}.", result.omittedContext.join(', '))
      : '',
    result.omittedTurns ? l10n.t("The oldest messages did not fit into the model's context.") : '',
  ].filter(Boolean);
  return notices.length > 0 ? { notice: notices.join(' ') } : {};
}
