/** The messages between the chat panel's page and its host. This file contains only types. */

export type ChipKind = 'selection' | 'file' | 'diagnostics';

/** A piece of context for the conversation's questions. The host keeps its text. */
export interface ContextChip {
  readonly id: string;
  readonly kind: ChipKind;
  /** For example "parser.ts:10-24". */
  readonly label: string;
  /** The full path, shown on hover. */
  readonly description: string;
}

export interface MessageView {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** One line under an answer, such as why it ended early or which context was left out. */
  readonly notice?: string;
  /** Places in the workspace that the answer used. */
  readonly sources?: readonly Source[];
  /** Whether the answer ended with a failure, so that the notice is shown as an error. */
  readonly failed?: boolean;
  /** Buttons that help after a failure, the most helpful first. */
  readonly remedies?: readonly RemedyButton[];
}

/** A button that runs a command of Chorus. */
export interface RemedyButton {
  readonly title: string;
  readonly command: string;
}

export interface Source {
  readonly uri: string;
  /** Counted from zero. */
  readonly line: number;
  /** For example "src/parser.ts:10-24". */
  readonly label: string;
}

export interface ConversationView {
  readonly id: string;
  readonly messages: readonly MessageView[];
  /** The id of the answer that is being written. */
  readonly streamingId?: string;
}

export interface ConversationSummary {
  readonly id: string;
  readonly title: string;
  /** Localised, for example "yesterday". */
  readonly when: string;
}

export interface SlashCommand {
  readonly name: string;
  readonly description: string;
}

/** The model or server that answers the questions. */
export interface AnsweringModel {
  /** Whether it is the small model that came with the extension. */
  readonly isBundled: boolean;
  /** A sentence about whether questions leave this machine, and where they go. Shown in an empty chat. */
  readonly place: string;
}

/** Every text of the page, localised by the host. The page fills in `{0}`. */
export interface ChatStrings {
  readonly you: string;
  readonly assistant: string;
  readonly conversation: string;
  readonly welcomeTitle: string;
  readonly bundledModel: string;
  readonly chooseModel: string;
  readonly askLabel: string;
  readonly askPlaceholder: string;
  readonly send: string;
  readonly stop: string;
  readonly dictate: string;
  readonly stopDictating: string;
  readonly answering: string;
  readonly answerDone: string;
  readonly copy: string;
  readonly copied: string;
  readonly sources: string;
  readonly insert: string;
  readonly apply: string;
  readonly retry: string;
  readonly code: string;
  readonly codeIn: string;
  readonly commands: string;
  readonly context: string;
  readonly addContext: string;
  readonly addSelection: string;
  readonly addFile: string;
  readonly addDiagnostics: string;
  readonly removeContext: string;
  readonly history: string;
  readonly noHistory: string;
  readonly newChat: string;
  readonly deleteChat: string;
  readonly closeHistory: string;
  readonly thinking: string;
}

export type HostMessage =
  | {
      readonly type: 'init';
      readonly strings: ChatStrings;
      readonly commands: readonly SlashCommand[];
      readonly conversation: ConversationView;
      readonly conversations: readonly ConversationSummary[];
      readonly chips: readonly ContextChip[];
      readonly model: AnsweringModel;
      /** The text in the input box. */
      readonly draft: string;
      readonly isListening: boolean;
    }
  /** Another model answers from now on. */
  | { readonly type: 'model'; readonly model: AnsweringModel }
  | { readonly type: 'conversation'; readonly conversation: ConversationView }
  | { readonly type: 'conversations'; readonly conversations: readonly ConversationSummary[] }
  | { readonly type: 'chips'; readonly chips: readonly ContextChip[] }
  /** A question was accepted and its answer begins. */
  | { readonly type: 'turn'; readonly question: MessageView | undefined; readonly answer: MessageView }
  | { readonly type: 'chunk'; readonly id: string; readonly text: string }
  | { readonly type: 'ended'; readonly answer: MessageView }
  /** The microphone of a dictation is open, or the dictation has ended. */
  | { readonly type: 'dictation'; readonly isListening: boolean }
  /**
   * The box shows `text` instead of `previous`. If the box holds any other text, the user has changed it, and it stays.
   */
  | { readonly type: 'dictated'; readonly previous: string; readonly text: string }
  | { readonly type: 'focusInput' }
  | { readonly type: 'showHistory' };

export type PageMessage =
  | { readonly type: 'ready' }
  /** The user changed the text in the box. */
  | { readonly type: 'draft'; readonly text: string }
  | { readonly type: 'send'; readonly text: string }
  | { readonly type: 'stop' }
  | { readonly type: 'retry'; readonly id: string }
  | { readonly type: 'newConversation' }
  | { readonly type: 'openConversation'; readonly id: string }
  | { readonly type: 'deleteConversation'; readonly id: string }
  | { readonly type: 'copy'; readonly text: string }
  | { readonly type: 'insert'; readonly code: string }
  | { readonly type: 'apply'; readonly code: string }
  | { readonly type: 'addChip'; readonly kind: ChipKind }
  | { readonly type: 'removeChip'; readonly id: string }
  | { readonly type: 'openLink'; readonly href: string }
  | { readonly type: 'chooseModel' }
  /** A button that helps after a failure was pressed. */
  | { readonly type: 'remedy'; readonly command: string }
  /** The box got the keyboard's focus. */
  | { readonly type: 'focused' }
  | { readonly type: 'dictate' }
  | { readonly type: 'openSource'; readonly uri: string; readonly line: number };
