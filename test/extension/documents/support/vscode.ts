/** The part of VS Code's API that documents, workspace files, dictation, edits and the chat need, over files in memory. Stands for `vscode` after `useFakeVscode.ts`. */
import { FakeConfiguration } from './fakeConfiguration.ts';
import { EventEmitter, Uri, type Range } from './vscodeValues.ts';

export * from './vscodeValues.ts';
export { ConfigurationTarget } from './fakeConfiguration.ts';

export const EndOfLine = { LF: 1, CRLF: 2 };

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

export class RelativePattern {
  constructor(
    readonly base: Uri,
    readonly pattern: string,
  ) {}
}

export const FileType = { Unknown: 0, File: 1, Directory: 2, SymbolicLink: 64 };

export class FileSystemError extends Error {
  override readonly name = 'FileNotFound (FileSystemError)';
}

/** What a test puts into the window. */
export const fake = {
  /** Path → text. Folders are those of the files. */
  files: new Map<string, string>(),
  /** Paths below which no file system call is ever answered. */
  hanging: new Set<string>(),
  /** Files that are links to others. */
  links: new Set<string>(),
  folders: [] as string[],
  configuration: new FakeConfiguration(),
  created: new EventEmitter<Uri>(),
  changed: new EventEmitter<Uri>(),
  deleted: new EventEmitter<Uri>(),
  textChanged: new EventEmitter<unknown>(),
  selectionChanged: new EventEmitter<unknown>(),
  activeEditorChanged: new EventEmitter<unknown>(),
  visibleEditorsChanged: new EventEmitter<void>(),
  /** Open documents, each in an editor that is shown. */
  documents: [] as unknown[],
  /** Texts of the notifications that are on the screen; nobody closes them. */
  messages: [] as string[],
  activeTextEditor: undefined as unknown,
  /** What commands give. */
  executeCommand: (async () => undefined) as (command: string, ...args: readonly unknown[]) => Promise<unknown>,
  /** Problems of documents, by path. */
  diagnostics: new Map<string, readonly unknown[]>(),
  /** What was shown in an editor, and what of it was selected. */
  shown: [] as { readonly uri: Uri; readonly selection: Range | undefined }[],
  /** What fills the view that was registered last. */
  viewProvider: undefined as unknown,
  /** Commands that were registered. */
  commands: new Map<string, () => Promise<unknown>>(),

  /** A window with these workspace folders and files, and nothing of an earlier one. */
  open(folders: readonly string[], files: Readonly<Record<string, string>>): void {
    fake.folders = [...folders];
    fake.configuration = new FakeConfiguration();
    fake.files = new Map(Object.entries(files));
    fake.hanging.clear();
    fake.links.clear();
    fake.documents = [];
    fake.messages = [];
    fake.activeTextEditor = undefined;
    fake.executeCommand = async () => undefined;
    fake.diagnostics.clear();
    fake.shown = [];
    fake.commands.clear();
  },
};

async function answer<T>(uri: Uri, of: () => T): Promise<T> {
  if ([...fake.hanging].some((hanging) => `${uri.path}/`.startsWith(`${hanging}/`))) return new Promise<never>(() => {});
  return of();
}

function isFolder(folder: string): boolean {
  return [...fake.files.keys()].some((file) => file.startsWith(`${folder}/`));
}

const never = (): { dispose(): void } => ({ dispose: () => undefined });

export const workspace = {
  isTrusted: true,
  get textDocuments(): unknown[] {
    return fake.documents;
  },
  notebookDocuments: [],
  get workspaceFolders(): { uri: Uri }[] {
    return fake.folders.map((folder) => ({ uri: Uri.file(folder) }));
  },
  getWorkspaceFolder(uri: Uri): { uri: Uri } | undefined {
    const around = fake.folders.filter((folder) => `${uri.path}/`.startsWith(`${folder}/`)).sort((a, b) => b.length - a.length);
    return around[0] === undefined ? undefined : { uri: Uri.file(around[0]) };
  },
  asRelativePath: (uri: Uri): string => uri.path.slice((workspace.getWorkspaceFolder(uri)?.uri.path.length ?? -1) + 1),
  /** Knows names and paths after two stars. */
  findFiles: async (pattern: string): Promise<Uri[]> => [...fake.files.keys()].filter((file) => file.endsWith(pattern.replace('**', ''))).map((file) => Uri.file(file)),
  getConfiguration: () => fake.configuration,
  createFileSystemWatcher: (pattern: string | RelativePattern) => {
    const isOfAll = pattern === '**/*';
    return {
      onDidCreate: isOfAll ? fake.created.event : never,
      onDidChange: isOfAll ? fake.changed.event : never,
      onDidDelete: isOfAll ? fake.deleted.event : never,
      dispose: () => undefined,
    };
  },
  onDidChangeWorkspaceFolders: never,
  onDidChangeConfiguration: never,
  onDidCloseTextDocument: never,
  onDidChangeNotebookDocument: never,
  onDidCloseNotebookDocument: never,
  onDidChangeTextDocument: (listener: (event: unknown) => void) => fake.textChanged.event(listener),
  onDidGrantWorkspaceTrust: never,
  fs: {
    stat: (uri: Uri) =>
      answer(uri, () => {
        const text = fake.files.get(uri.path);
        if (text === undefined && !isFolder(uri.path)) throw new FileSystemError();
        const kind = text === undefined ? FileType.Directory : FileType.File;
        return { type: fake.links.has(uri.path) ? kind | FileType.SymbolicLink : kind, size: Buffer.byteLength(text ?? '') };
      }),
    readFile: (uri: Uri) =>
      answer(uri, () => {
        const text = fake.files.get(uri.path);
        if (text === undefined) throw new FileSystemError();
        return new TextEncoder().encode(text);
      }),
    readDirectory: (uri: Uri) =>
      answer(uri, () => {
        const below = [...fake.files.keys()].filter((file) => file.startsWith(`${uri.path}/`)).map((file) => file.slice(uri.path.length + 1).split('/'));
        return [...new Map(below.map(([name = '', ...rest]) => [name, rest.length > 0 ? FileType.Directory : FileType.File]))];
      }),
  },
};

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

export const ProgressLocation = { Notification: 15 };

export const StatusBarAlignment = { Left: 1, Right: 2 };

function showMessage(text: string): Promise<undefined> {
  fake.messages.push(text);
  return new Promise(() => {});
}

/** The window is remote while `remoteName` is set. */
export const env: { remoteName: string | undefined } = { remoteName: undefined };

export const ExtensionKind = { UI: 1, Workspace: 2 };

export const commands = { executeCommand: (command: string, ...args: unknown[]): Promise<unknown> => fake.executeCommand(command, ...args), registerCommand: (name: string, run: () => Promise<unknown>) => (fake.commands.set(name, run), never()) };

export const DiagnosticSeverity = { Error: 0, Warning: 1, Information: 2, Hint: 3, 0: 'Error', 1: 'Warning', 2: 'Information', 3: 'Hint' };

export const languages = { getDiagnostics: (uri: Uri): readonly unknown[] => fake.diagnostics.get(uri.path) ?? [] };

export const window = {
  get activeTextEditor(): unknown {
    return fake.activeTextEditor;
  },
  get visibleTextEditors(): unknown[] {
    return fake.documents.map((document) => ({ document }));
  },
  onDidChangeVisibleTextEditors: (listener: () => void) => fake.visibleEditorsChanged.event(listener),
  registerWebviewViewProvider: (_id: string, provider: unknown) => ((fake.viewProvider = provider), never()),
  showTextDocument: async (uri: Uri, options?: { readonly selection?: Range }): Promise<void> => void fake.shown.push({ uri, selection: options?.selection }),
  showInformationMessage: showMessage,
  showWarningMessage: showMessage,
  showErrorMessage: showMessage,
  setStatusBarMessage: never,
  /** Nobody cancels. */
  withProgress: (_options: unknown, work: (progress: object, token: object) => Promise<unknown>): Promise<unknown> => work({ report: () => undefined }, new CancellationTokenSource().token),
  state: { focused: true },
  onDidChangeWindowState: never,
  createStatusBarItem: () => ({ show: () => undefined, hide: () => undefined, dispose: () => undefined }),
  onDidChangeActiveTextEditor: (listener: (editor: unknown) => void) => fake.activeEditorChanged.event(listener),
  onDidChangeTextEditorSelection: (listener: (event: unknown) => void) => fake.selectionChanged.event(listener),
  tabGroups: { all: [], onDidChangeTabs: never },
};
