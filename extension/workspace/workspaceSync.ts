import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient/node';
import {
  WORKSPACE_CHANGE_NOTIFICATION,
  WORKSPACE_DEFINITIONS_REQUEST,
  WORKSPACE_LIST_REQUEST,
  WORKSPACE_READ_REQUEST,
  WORKSPACE_TABS_NOTIFICATION,
  type WorkspaceChange,
  type WorkspaceDefinitionsParams,
  type WorkspaceListParams,
  type WorkspaceReadParams,
  type WorkspaceTabs,
} from '../../sidecar/protocol/client.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import { findDefinitions } from './findDefinitions.ts';
import { describe, WorkspaceFiles } from './workspaceFiles.ts';

/** Changes within this time are told together. */
const COALESCE_MS = 50;
const MAX_TABS = 30;

/** Tells the sidecar of the workspace: answers what it asks for, and says what changes. Starts nothing by itself. */
export class WorkspaceSync implements vscode.Disposable {
  readonly #files: WorkspaceFiles;
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
    const watcher = vscode.workspace.createFileSystemWatcher('**/*');
    const reset = (): void => this.#send(WORKSPACE_CHANGE_NOTIFICATION, { reset: true } satisfies WorkspaceChange);
    this.#disposables = [
      watcher,
      watcher.onDidCreate((uri) => this.#note(uri)),
      watcher.onDidChange((uri) => this.#note(uri)),
      watcher.onDidDelete((uri) => {
        if (this.#client === undefined || !this.#files.mayHaveHad(uri)) return;
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
    client.onRequest(WORKSPACE_LIST_REQUEST, ({ page }: WorkspaceListParams) => this.#files.list(page));
    client.onRequest(WORKSPACE_READ_REQUEST, ({ uris }: WorkspaceReadParams) => this.#files.read(uris));
    client.onRequest(WORKSPACE_DEFINITIONS_REQUEST, (params: WorkspaceDefinitionsParams) => findDefinitions(params, this.#files));
  }

  /** A connection stands, or with `undefined` none. */
  attach(client: BaseLanguageClient | undefined): void {
    this.#client = client;
    this.#changed.clear();
    this.#deleted.clear();
    this.#tellTabs();
  }

  #note(uri: vscode.Uri): void {
    if (this.#client === undefined) return;
    this.#changed.set(uri.toString(), uri);
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
    const deleted = [...this.#deleted];
    const uris = [...this.#changed.values()];
    this.#deleted.clear();
    this.#changed.clear();
    const has = await Promise.all(uris.map((uri) => this.#files.has(uri)));
    const changed = uris.filter((_uri, index) => has[index]).map(describe);
    if (changed.length > 0 || deleted.length > 0) this.#send(WORKSPACE_CHANGE_NOTIFICATION, { changed, deleted } satisfies WorkspaceChange);
  }

  #visit(editor: vscode.TextEditor | undefined): void {
    if (editor === undefined) return;
    const key = editor.document.uri.toString();
    this.#visited = [key, ...this.#visited.filter((other) => other !== key)].slice(0, MAX_TABS);
    this.#tellTabs();
  }

  /** Tabs that were visited, the last first, then the others. */
  #tellTabs(): void {
    const open = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).flatMap(({ input }) => (input instanceof vscode.TabInputText || input instanceof vscode.TabInputNotebook ? input.uri.toString() : []));
    const isOpen = new Set(open);
    const uris = [...new Set([...this.#visited.filter((key) => isOpen.has(key)), ...open])].slice(0, MAX_TABS);
    this.#send(WORKSPACE_TABS_NOTIFICATION, { uris } satisfies WorkspaceTabs);
  }

  #send(method: string, params: object): void {
    this.#client?.sendNotification(method, params).catch(this.onError);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }
}
