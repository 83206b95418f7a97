/**
 * The part of VS Code's API that documents, workspace files, dictation, edits and the chat need, over files in memory.
 * Replaces `vscode` after `useFakeVscode.ts`.
 */
import { FakeConfiguration } from './fakeConfiguration.ts';
import { fileSystemOf, noFiles } from './fakeFiles.ts';
import { EventEmitter, Uri, type Range } from './vscodeValues.ts';

export * from './vscodeValues.ts';
export { ConfigurationTarget } from './fakeConfiguration.ts';
export { FileSystemError, FileType } from './fakeFiles.ts';

export const EndOfLine = { LF: 1, CRLF: 2 };

export const InlineCompletionTriggerKind = { Invoke: 0, Automatic: 1 };

export const TextEditorSelectionChangeKind = { Keyboard: 1, Mouse: 2, Command: 3 };

export class CancellationError extends Error {}

export class CancellationTokenSource {
  readonly #cancelled = new EventEmitter<void>();
  readonly token = { isCancellationRequested: false, onCancellationRequested: this.#cancelled.event };

  cancel(): void {
    this.token.isCancellationRequested = true;
    this.#cancelled.fire();
  }

  dispose(): void {
    this.#cancelled.dispose();
  }
}

interface WorkspaceFolder {
  readonly uri: Uri;
  readonly name: string;
}

export class RelativePattern {
  readonly baseUri: Uri;

  constructor(
    base: Uri | WorkspaceFolder,
    readonly pattern: string,
  ) {
    this.baseUri = base instanceof Uri ? base : base.uri;
  }
}

/** The window's state, set by the test. */
export const fake = {
  ...noFiles(),
  folders: [] as string[],
  /** Files that `files.exclude` hides. */
  hidden: new Set<string>(),
  configuration: new FakeConfiguration(),
  created: new EventEmitter<Uri>(),
  changed: new EventEmitter<Uri>(),
  deleted: new EventEmitter<Uri>(),
  closed: new EventEmitter<{ readonly uri: Uri }>(),
  textChanged: new EventEmitter<unknown>(),
  diagnosticsChanged: new EventEmitter<{ readonly uris: readonly Uri[] }>(),
  selectionChanged: new EventEmitter<unknown>(),
  activeEditorChanged: new EventEmitter<unknown>(),
  visibleEditorsChanged: new EventEmitter<void>(),
  /** Open documents, each shown in an editor. */
  documents: [] as unknown[],
  /** Open notebooks, and the contents of all tabs. */
  notebooks: [] as { readonly uri: Uri; getCells(): readonly { readonly document: { readonly uri: Uri } }[] }[],
  tabs: [] as (TabInputText | TabInputNotebook)[],
  /** The texts of the shown notifications. They stay open unless a button is pressed. */
  messages: [] as string[],
  /** The buttons of each notification. */
  buttons: [] as (readonly string[])[],
  /** The button that the user presses on each notification. */
  pressed: undefined as string | undefined,
  activeTextEditor: undefined as unknown,
  /** Returns the results of commands. */
  executeCommand: (async () => undefined) as (command: string, ...args: readonly unknown[]) => Promise<unknown>,
  /** Problems of documents, by path. */
  diagnostics: new Map<string, readonly unknown[]>(),
  /** Documents shown in an editor, with their selections. */
  shown: [] as { readonly uri: Uri; readonly selection: Range | undefined }[],
  /** The provider of the view that was registered last. */
  viewProvider: undefined as unknown,
  /** Chooses an item of a list. */
  pick: (() => undefined) as (items: readonly unknown[]) => unknown,
  /** Watched patterns and folders. */
  watched: [] as string[],
  /** Registered commands. */
  commands: new Map<string, () => Promise<unknown>>(),

  /** Opens a window with these workspace folders and files, without the state of an earlier window. */
  open(folders: readonly string[], files: Readonly<Record<string, string>>): void {
    fake.folders = [...folders];
    fake.hidden.clear();
    fake.configuration = new FakeConfiguration();
    Object.assign(fake, noFiles());
    fake.files = new Map(Object.entries(files));
    fake.documents = [];
    fake.notebooks = [];
    fake.tabs = [];
    fake.messages = [];
    fake.buttons = [];
    fake.pressed = undefined;
    fake.activeTextEditor = undefined;
    fake.executeCommand = async () => undefined;
    fake.pick = () => undefined;
    fake.diagnostics.clear();
    fake.shown = [];
    fake.commands.clear();
  },
};

const folderAt = (path: string): WorkspaceFolder => ({
  uri: Uri.file(path),
  name: path.slice(path.lastIndexOf('/') + 1),
});

const never = (): { dispose(): void } => ({ dispose: () => undefined });

export const Disposable = {
  from: (...parts: readonly { dispose(): void }[]): { dispose(): void } => ({
    dispose: () => parts.forEach((part) => part.dispose()),
  }),
};

export const workspace = {
  isTrusted: true,
  get textDocuments(): unknown[] {
    return fake.documents;
  },
  get notebookDocuments(): typeof fake.notebooks {
    return fake.notebooks;
  },
  get workspaceFolders(): WorkspaceFolder[] {
    return fake.folders.map(folderAt);
  },
  getWorkspaceFolder(uri: Uri): WorkspaceFolder | undefined {
    const around = fake.folders
      .filter((folder) => `${uri.path}/`.startsWith(`${folder}/`))
      .sort((a, b) => b.length - a.length);
    return around[0] === undefined ? undefined : folderAt(around[0]);
  },
  asRelativePath: (uri: Uri, includeFolder = fake.folders.length > 1): string => {
    const folder = workspace.getWorkspaceFolder(uri);
    if (folder === undefined) return uri.path;
    return `${includeFolder ? `${folder.name}/` : ''}${uri.path.slice(folder.uri.path.length + 1)}`;
  },
  /**
   * Supports patterns of names and paths, optionally after two stars. The last name may have alternatives in braces,
   * and one or more folders may be between two stars. `null` finds files that `files.exclude` hides.
   */
  findFiles: async (
    include: string | RelativePattern,
    exclude?: string | null,
    maxResults?: number,
  ): Promise<Uri[]> => {
    const base = typeof include === 'string' ? undefined : include.baseUri.path;
    const [, stars, folder = '', names = ''] =
      /^(\*\*\/)?(.*\/)?\{?([^{}]*)\}?$/.exec(typeof include === 'string' ? include : include.pattern) ?? [];
    const excluded = exclude?.replaceAll(/[*/{}]/g, '').split(',') ?? [];
    const isExcluded = (file: string): boolean =>
      exclude !== null &&
      (fake.hidden.has(file) ||
        excluded.some((each) => `/${workspace.asRelativePath(Uri.file(file), false)}`.includes(`/${each}/`)));
    // As in VS Code, a pattern matches the path within its own folder, or else within the workspace folder.
    const matches = (file: string): boolean => {
      const root = base ?? workspace.getWorkspaceFolder(Uri.file(file))?.uri.path;
      if (root === undefined || !file.startsWith(`${root}/`)) return false;
      const path = file.slice(root.length);
      return names
        .split(',')
        .some((name) => (stars === undefined ? path === `/${folder}${name}` : path.endsWith(`/${folder}${name}`)));
    };
    const found = [...fake.files.keys()].filter((file) => matches(file) && !isExcluded(file));
    return found.slice(0, maxResults).map((file) => Uri.file(file));
  },
  openTextDocument: async (uri: Uri): Promise<unknown> => {
    const text = fake.files.get(uri.path);
    if (text === undefined) throw new Error('There is no such file');
    return { uri, languageId: 'plaintext', getText: () => text };
  },
  getConfiguration: () => fake.configuration,
  createFileSystemWatcher: (pattern: string | RelativePattern) => {
    const isOfAll = pattern === '**/*';
    const base = typeof pattern === 'string' ? pattern : pattern.baseUri.path;
    fake.watched.push(base);
    return {
      onDidCreate: isOfAll ? fake.created.event : never,
      onDidChange: isOfAll ? fake.changed.event : never,
      onDidDelete: isOfAll ? fake.deleted.event : never,
      dispose: () => void fake.watched.splice(fake.watched.indexOf(base), 1),
    };
  },
  onDidChangeWorkspaceFolders: never,
  onDidChangeConfiguration: never,
  onDidCloseTextDocument: (listener: (document: { readonly uri: Uri }) => void) => fake.closed.event(listener),
  onDidChangeNotebookDocument: never,
  onDidCloseNotebookDocument: never,
  onDidChangeTextDocument: (listener: (event: unknown) => void) => fake.textChanged.event(listener),
  onDidGrantWorkspaceTrust: never,
  fs: fileSystemOf(fake),
};

export class TabInputText {
  constructor(readonly uri: Uri) {}
}

export class TabInputNotebook {
  constructor(
    readonly uri: Uri,
    readonly notebookType: string,
  ) {}
}

export class TabInputTextDiff {
  constructor(
    readonly original: Uri,
    readonly modified: Uri,
  ) {}
}

export class WorkspaceEdit {
  readonly replacements: { readonly uri: Uri; readonly range: Range; readonly text: string }[] = [];

  replace(uri: Uri, range: Range, text: string): void {
    this.replacements.push({ uri, range, text });
  }
}

export const TextEditorRevealType = { InCenterIfOutsideViewport: 2 };

export class ThemeColor {
  constructor(readonly id: string) {}
}

export const QuickPickItemKind = { Separator: -1, Default: 0 };

export const ProgressLocation = { Notification: 15, Window: 10 };

export const StatusBarAlignment = { Left: 1, Right: 2 };

type Button = string | { readonly title?: string };

function showMessage(text: string, ...buttons: readonly Button[]): Promise<unknown> {
  const titleOf = (button: Button): string | undefined => (typeof button === 'string' ? button : button.title);
  fake.messages.push(text);
  fake.buttons.push(buttons.map(titleOf).filter((title) => title !== undefined));
  const pressed = buttons.find((button) => titleOf(button) === fake.pressed);
  return pressed === undefined || fake.pressed === undefined ? new Promise(() => {}) : Promise.resolve(pressed);
}

/** The window is remote while `remoteName` is set. */
export const env: { remoteName: string | undefined } = { remoteName: undefined };

export const ExtensionKind = { UI: 1, Workspace: 2 };

export const ExtensionMode = { Production: 1, Development: 2, Test: 3 };

export const commands = {
  executeCommand: (command: string, ...args: unknown[]): Promise<unknown> => fake.executeCommand(command, ...args),
  registerCommand: (name: string, run: () => Promise<unknown>) => (fake.commands.set(name, run), never()),
};

export const DiagnosticSeverity = {
  Error: 0,
  Warning: 1,
  Information: 2,
  Hint: 3,
  0: 'Error',
  1: 'Warning',
  2: 'Information',
  3: 'Hint',
};

export const languages = {
  getDiagnostics: (uri: Uri): readonly unknown[] => fake.diagnostics.get(uri.path) ?? [],
  onDidChangeDiagnostics: fake.diagnosticsChanged.event,
};

export const window = {
  get activeTextEditor(): unknown {
    return fake.activeTextEditor;
  },
  get visibleTextEditors(): unknown[] {
    return fake.documents.map((document) => ({ document }));
  },
  onDidChangeVisibleTextEditors: (listener: () => void) => fake.visibleEditorsChanged.event(listener),
  registerWebviewViewProvider: (_id: string, provider: unknown) => ((fake.viewProvider = provider), never()),
  showTextDocument: async (uri: Uri, options?: { readonly selection?: Range }): Promise<void> =>
    void fake.shown.push({ uri, selection: options?.selection }),
  showInformationMessage: showMessage,
  showWarningMessage: showMessage,
  showErrorMessage: showMessage,
  showQuickPick: async (items: readonly unknown[]): Promise<unknown> => fake.pick(items),
  setStatusBarMessage: never,
  /** The progress is never cancelled. */
  withProgress: (_options: unknown, work: (progress: object, token: object) => Promise<unknown>): Promise<unknown> =>
    work({ report: () => undefined }, new CancellationTokenSource().token),
  state: { focused: true, active: false },
  onDidChangeWindowState: never,
  onDidChangeTextEditorVisibleRanges: never,
  onDidChangeActiveTerminal: never,
  createStatusBarItem: () => ({ show: () => undefined, hide: () => undefined, dispose: () => undefined }),
  onDidChangeActiveTextEditor: (listener: (editor: unknown) => void) => fake.activeEditorChanged.event(listener),
  onDidChangeTextEditorSelection: (listener: (event: unknown) => void) => fake.selectionChanged.event(listener),
  tabGroups: {
    get all() {
      return [{ tabs: fake.tabs.map((input) => ({ input })) }];
    },
    onDidChangeTabs: never,
  },
};
