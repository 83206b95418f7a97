import * as vscode from 'vscode';
import type { AnsweringModel, HostMessage, PageMessage } from '../../media/chat/messages.ts';
import type { ChatCommand, ContextItem } from '../../sidecar/protocol/client.ts';
import { boxTarget } from '../dictation/boxTarget.ts';
import type { DictationTarget } from '../dictation/dictationTarget.ts';
import type { ChatBox } from '../dictation/registerDictation.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import { leavesModel } from '../isRemoteWindow.ts';
import { readChorusSettings } from '../settings.ts';
import type { InterfaceLanguageSetting } from '../language/interfaceLanguage.ts';
import type { ServerChoice } from '../remoteServers/serverChoice.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { answeringModel } from './answeringModel.ts';
import { ChatController } from './chatController.ts';
import { ChatHistory } from './chatHistory.ts';
import { applyCode, insertAtCursor } from './applyCode.ts';
import { ContextChips } from './contextChips.ts';
import { Draft } from './draft.ts';
import { historyFolder } from './historyFolder.ts';
import { openSource } from './openSource.ts';
import { panelHtml } from './panelHtml.ts';
import { runRemedy } from '../status/remedies.ts';
import { chatStrings, slashCommands } from './strings.ts';

const VIEW_ID = 'chorus.chat';
const DRAFT_KEY = 'chorus.chat.draft';

/**
 * The argument of `chorus.chat.ask`: a question that another part of the extension asks as if the user had typed it.
 */
interface AskArguments {
  readonly command?: ChatCommand;
  readonly text?: string;
  readonly context?: readonly ContextItem[];
}

export interface ChatPanelSources {
  readonly session: SidecarSession;
  readonly policy: Pick<DocumentPolicy, 'check'>;
  readonly server: Pick<ServerChoice, 'settings' | 'onDidChange'>;
  readonly language: InterfaceLanguageSetting;
  readonly logError: (error: unknown) => void;
}

/**
 * Registers the chat panel and its commands. The page is created when the view is first shown. Returns the input box
 * for dictation.
 */
export function registerChatPanel(context: vscode.ExtensionContext, sources: ChatPanelSources): ChatBox {
  const panel = new ChatPanel(context, sources);
  const command = (name: string, run: (...parameters: never[]) => Promise<void>): vscode.Disposable =>
    vscode.commands.registerCommand(name, run);
  context.subscriptions.push(
    vscode.window.registerWebviewViewProvider(VIEW_ID, panel),
    command('chorus.chat.new', async () => panel.startNew()),
    command('chorus.chat.history', async () => panel.showHistory()),
    command('chorus.chat.addSelection', async () => panel.addSelection()),
    command('chorus.chat.addFile', async (uri?: vscode.Uri) => panel.addFile(uri)),
    command('chorus.chat.ask', async (ask: AskArguments) => panel.ask(ask)),
  );
  return { open: () => panel.openForDictation(), onDidFocus: panel.onDidFocusBox };
}

class ChatPanel implements vscode.WebviewViewProvider {
  readonly #controller: ChatController;
  readonly #chips: ContextChips;
  readonly #history: ChatHistory;
  readonly #draft: Draft;
  #isListening = false;
  readonly #loaded: Promise<void>;
  #view: vscode.WebviewView | undefined;
  /** Messages for a page that is not loaded yet. */
  #waiting: HostMessage[] = [];
  #pageReady = false;
  #modelPath: string | undefined;
  /** The model description that the page shows. */
  #shownModel: AnsweringModel | undefined;
  readonly #onError: (error: unknown) => void;
  readonly #didFocusBox = new vscode.EventEmitter<void>();
  readonly onDidFocusBox = this.#didFocusBox.event;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly sources: ChatPanelSources,
  ) {
    const { session, policy, server, language, logError } = sources;
    this.#onError = logError;
    this.#modelPath = chosenModelPath(context.extension);
    const post = (message: HostMessage): void => this.#post(message);
    this.#history = new ChatHistory(historyFolder(context.storageUri), logError);
    this.#chips = new ContextChips(policy, () => post({ type: 'chips', chips: this.#chips.views }));
    this.#draft = new Draft({
      text: context.workspaceState.get(DRAFT_KEY, ''),
      keep: (text) => void context.workspaceState.update(DRAFT_KEY, text).then(undefined, logError),
      show: (previous, text) => post({ type: 'dictated', previous, text }),
    });
    this.#controller = new ChatController({ session, history: this.#history, chips: this.#chips, post });
    this.#loaded = this.#history.load();
    const showModel = (): void => this.#showModel();
    context.subscriptions.push(
      this.#didFocusBox,
      language.onDidChange(() => {
        if (this.#view) this.#load(this.#view);
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration('chorus')) return;
        this.#modelPath = chosenModelPath(context.extension);
        showModel();
      }),
      server.onDidChange(showModel),
      session.onDidChangeStatus(showModel),
    );
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    view.webview.options = {
      enableScripts: true,
      localResourceRoots: [vscode.Uri.joinPath(this.context.extensionUri, 'dist', 'media')],
    };
    view.webview.onDidReceiveMessage(async (message: PageMessage) => this.#receive(message).catch(this.#onError));
    view.onDidChangeVisibility(() => {
      // VS Code destroys a hidden page. The page requests all its state again when it comes back.
      if (!view.visible) this.#pageReady = false;
    });
    view.onDidDispose(() => {
      if (this.#view === view) this.#view = undefined;
      this.#pageReady = false;
    });
    this.#load(view);
  }

  /** Loads or reloads the page, which then requests all its state. */
  #load({ webview }: vscode.WebviewView): void {
    this.#pageReady = false;
    webview.html = panelHtml(webview, this.context.extensionUri);
  }

  async startNew(): Promise<void> {
    await this.#controller.startNew();
    await this.#focus();
  }

  async showHistory(): Promise<void> {
    await this.#show();
    this.#postWhenReady({ type: 'showHistory' });
  }

  async addSelection(): Promise<void> {
    await this.#chips.addFromEditor('selection');
    await this.#focus();
  }

  async addFile(uri: vscode.Uri | undefined): Promise<void> {
    if (uri) await this.#chips.addFile(uri);
    else await this.#chips.addFromEditor('file');
    await this.#focus();
  }

  async ask({ command, text = '', context = [] }: AskArguments): Promise<void> {
    await this.#show();
    await this.#controller.askAnew([command && `/${command}`, text].filter(Boolean).join(' '), context);
  }

  /** Shows the input box. Dictated words are appended to its text until the user edits or sends it. */
  async openForDictation(): Promise<DictationTarget> {
    await this.#focus();
    const draft = this.#draft;
    return boxTarget({
      gone: draft.nextEdit,
      read: () => draft.read(),
      write: async (text) => {
        draft.write(text);
        return true;
      },
      setListening: (isListening) => {
        this.#isListening = isListening;
        this.#post({ type: 'dictation', isListening });
      },
    });
  }

  async #receive(message: PageMessage): Promise<void> {
    const controller = this.#controller;
    const chips = this.#chips;
    switch (message.type) {
      case 'ready':
        return this.#greet();
      case 'draft':
        return this.#draft.edit(message.text);
      case 'send':
        return controller.send(message.text);
      case 'stop':
        return controller.stop();
      case 'retry':
        return controller.retry(message.id);
      case 'newConversation':
        return controller.startNew();
      case 'openConversation':
        return controller.open(message.id);
      case 'deleteConversation':
        return controller.delete(message.id);
      case 'copy':
        return vscode.env.clipboard.writeText(message.text);
      case 'insert':
        return insertAtCursor(message.code);
      case 'apply':
        return applyCode(message.code);
      case 'addChip':
        return chips.addFromEditor(message.kind);
      case 'removeChip':
        return chips.remove(message.id);
      case 'openSource':
        return openSource(message.uri, message.line);
      case 'openLink':
        return openLink(message.href);
      case 'focused':
        return this.#didFocusBox.fire();
      case 'dictate':
        return vscode.commands.executeCommand('chorus.dictate', 'chat');
      case 'chooseModel':
        return vscode.commands.executeCommand('chorus.chooseModel');
      case 'remedy':
        return runRemedy(message.command);
    }
  }

  async #greet(): Promise<void> {
    await this.#loaded;
    this.#pageReady = true;
    this.#shownModel = this.#model;
    this.#post({
      type: 'init',
      strings: chatStrings(),
      commands: slashCommands(),
      conversation: this.#controller.view,
      conversations: this.#controller.summaries,
      chips: this.#chips.views,
      model: this.#shownModel,
      draft: this.#draft.read(),
      isListening: this.#isListening,
    });
    for (const message of this.#waiting.splice(0)) this.#post(message);
  }

  get #model(): AnsweringModel {
    const { server, session } = this.sources;
    return answeringModel(this.#modelPath, server.settings, session.status);
  }

  /** A status arrives every few tokens. The page is notified only if its description of the model changes. */
  #showModel(): void {
    const model = this.#model;
    const shownModel = this.#shownModel;
    if (!shownModel || (model.isBundled === shownModel.isBundled && model.place === shownModel.place)) return;
    this.#shownModel = model;
    this.#post({ type: 'model', model });
  }

  async #show(): Promise<void> {
    await vscode.commands.executeCommand(`${VIEW_ID}.focus`);
  }

  async #focus(): Promise<void> {
    await this.#show();
    this.#postWhenReady({ type: 'focusInput' });
  }

  #postWhenReady(message: HostMessage): void {
    if (this.#pageReady) this.#post(message);
    else this.#waiting.push(message);
  }

  /** A page that is not loaded needs no message: it gets the whole state when it loads. */
  #post(message: HostMessage): void {
    if (this.#pageReady) this.#view?.webview.postMessage(message).then(undefined, this.#onError);
  }
}

/** The path of the chosen model. Empty means the bundled model, `undefined` the model of the user's other windows. */
function chosenModelPath(extension: vscode.Extension<unknown>): string | undefined {
  const reader = vscode.workspace.getConfiguration('chorus');
  return leavesModel(extension, reader) ? undefined : (readChorusSettings(reader).modelPath ?? '');
}

/** VS Code asks the user before it opens an untrusted site. */
async function openLink(href: string): Promise<void> {
  const uri = vscode.Uri.parse(href, true);
  if (uri.scheme === 'http' || uri.scheme === 'https') await vscode.env.openExternal(uri);
}
