import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient/node';
import {
  WORKSPACE_CHANGE_NOTIFICATION,
  WORKSPACE_DEFINITIONS_REQUEST,
  WORKSPACE_LIST_REQUEST,
  WORKSPACE_READ_REQUEST,
  WORKSPACE_TABS_NOTIFICATION,
  type WorkspaceChange,
} from '../../sidecar/protocol/client.ts';
import { onRequest, sendNotification } from '../../sidecar/common/typedMessages.ts';
import type { NotificationType } from '../../sidecar/protocol/messages.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import { notebookOf } from '../documents/fileOf.ts';
import { findDefinitions } from './findDefinitions.ts';
import { NewFolders } from './newFolders.ts';
import { describe, WorkspaceFiles } from './workspaceFiles.ts';

/** Changes within this time are sent together. */
const COALESCE_MS = 50;
const MAX_TABS = 30;

/** Informs the sidecar about the workspace: answers its requests and reports changes. Starts no process by itself. */
export class WorkspaceSync implements vscode.Disposable {
  readonly #files: WorkspaceFiles;
  readonly #newFolders: NewFolders;
  readonly #created = new Map<string, vscode.Uri>();
  readonly #changed = new Map<string, vscode.Uri>();
  readonly #deleted = new Set<string>();
  readonly #disposables: vscode.Disposable[];
  #visited: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #client: BaseLanguageClient | undefined;

  constructor(
    policy: DocumentPolicy,
    log: (line: string) => void,
    private readonly onError: (error: unknown) => void,
  ) {
    this.#files = new WorkspaceFiles(policy, log);
    const reset = (): void => {
      this.#forget();
      this.#tell({ reset: true });
    };
    this.#newFolders = new NewFolders(this.#files, {
      onFile: (uri) => this.#note(uri, this.#changed),
      onTooMany: () => policy.rulesAppeared(),
      onError,
    });
    const watcher = vscode.workspace.createFileSystemWatcher('**/*');
    this.#disposables = [
      watcher,
      watcher.onDidCreate((uri) => {
        if (this.#files.mayHaveHad(uri)) this.#note(uri, this.#created);
      }),
      watcher.onDidChange((uri) => this.#note(uri, this.#changed)),
      watcher.onDidDelete((uri) => {
        if (this.#client === undefined || !this.#files.mayHaveHad(uri)) return;
        this.#created.delete(uri.toString());
        this.#changed.delete(uri.toString());
        this.#deleted.add(uri.toString());
        this.#schedule();
      }),
      policy.onDidChange(reset),
      vscode.workspace.onDidGrantWorkspaceTrust(reset),
      vscode.workspace.onDidChangeWorkspaceFolders(reset),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.#visit(editor)),
      vscode.window.tabGroups.onDidChangeTabs(() => this.#tellTabs()),
    ];
    this.#visit(vscode.window.activeTextEditor);
  }

  /** Answers the requests of a client, for all its connections. */
  serve(client: BaseLanguageClient): void {
    onRequest(client, WORKSPACE_LIST_REQUEST, ({ page }) => this.#files.list(page));
    onRequest(client, WORKSPACE_READ_REQUEST, ({ uris }) => this.#files.read(uris));
    onRequest(client, WORKSPACE_DEFINITIONS_REQUEST, (params) => findDefinitions(params, this.#files));
  }

  /** Takes a new connection. `undefined` means that there is none. */
  attach(client: BaseLanguageClient | undefined): void {
    this.#client = client;
    this.#forget();
    this.#tellTabs();
  }

  /** Drops pending changes. The next listing includes them. */
  #forget(): void {
    this.#newFolders.forget();
    this.#created.clear();
    this.#changed.clear();
    this.#deleted.clear();
  }

  #note(uri: vscode.Uri, among: Map<string, vscode.Uri>): void {
    if (this.#client === undefined) return;
    among.set(uri.toString(), uri);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#client === undefined) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tellChanges().catch(this.onError);
    }, COALESCE_MS);
  }

  async #tellChanges(): Promise<void> {
    const client = this.#client;
    const deleted = [...this.#deleted];
    const created = [...this.#created.values()];
    const changed = [...this.#changed].flatMap(([key, uri]) => (this.#created.has(key) ? [] : uri));
    this.#deleted.clear();
    this.#created.clear();
    this.#changed.clear();
    // Sent at once, so that files which appear at the same paths meanwhile do not count as deleted.
    if (deleted.length > 0) this.#tell({ deleted });
    await this.#tellChanged(changed);
    const { files, folders } = await this.#files.byKind(created);
    if (client === this.#client) this.#newFolders.add(folders);
    await this.#tellChanged(files);
  }

  async #tellChanged(uris: readonly vscode.Uri[]): Promise<void> {
    const has = await Promise.all(uris.map((uri) => this.#files.has(uri)));
    const changed = uris.filter((_uri, index) => has[index]).map(describe);
    if (changed.length > 0) this.#tell({ changed });
  }

  #visit(editor: vscode.TextEditor | undefined): void {
    if (editor === undefined) return;
    const { uri } = editor.document;
    // A cell's editor is in its notebook's tab.
    const key = (notebookOf(uri) ?? uri).toString();
    this.#visited = [key, ...this.#visited.filter((other) => other !== key)].slice(0, MAX_TABS);
    this.#tellTabs();
  }

  /** Sends the visited tabs, last first, and then the other tabs. */
  #tellTabs(): void {
    const open = vscode.window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .flatMap(({ input }) =>
        input instanceof vscode.TabInputText || input instanceof vscode.TabInputNotebook ? input.uri.toString() : [],
      );
    const isOpen = new Set(open);
    const uris = [...new Set([...this.#visited.filter((key) => isOpen.has(key)), ...open])].slice(0, MAX_TABS);
    this.#send(WORKSPACE_TABS_NOTIFICATION, { uris });
  }

  #tell(change: WorkspaceChange): void {
    this.#send(WORKSPACE_CHANGE_NOTIFICATION, change);
  }

  #send<Params>(type: NotificationType<Params>, params: NoInfer<Params>): void {
    if (this.#client) sendNotification(this.#client, type, params).catch(this.onError);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#newFolders.forget();
    for (const disposable of this.#disposables) disposable.dispose();
  }
}
