import * as vscode from 'vscode';
import { readSecretPatterns } from '../settings.ts';
import { EXCLUDE_FILE, IGNORE_FILES, IgnoreRules } from './ignoreRules.ts';
import { readTextFile } from './readTextFile.ts';
import { NOTEBOOK_CELL_SCHEME, SYNCED_SCHEMES } from './schemes.ts';
import { SecretFiles } from './secretFiles.ts';

/** Why a document stays in the window, or 'allowed'. */
export type Verdict = 'allowed' | 'scheme' | 'secret' | 'ignored';

const RULE_FILES = `{${[...IGNORE_FILES, `${EXCLUDE_FILE.folder}/${EXCLUDE_FILE.name}`].join(',')}}`;

/** Ignore files above this are not read: no person wrote them. */
const MAX_IGNORE_FILE_BYTES = 1024 * 1024;

/**
 * Decides which documents may leave the window for the sidecar. Everything is read through `vscode.workspace.fs`, so remote and virtual
 * workspaces have the same rules as local ones.
 */
export class DocumentPolicy implements vscode.Disposable {
  readonly #didChange = new vscode.EventEmitter<void>();
  /** Fires when verdicts may have changed: ignore files, settings or folders. */
  readonly onDidChange = this.#didChange.event;

  #secretFiles: SecretFiles;
  readonly #verdicts = new Map<string, Promise<Verdict>>();
  readonly #rootOfFolder = new Map<string, Promise<vscode.Uri | undefined>>();
  readonly #repositoryOfFolder = new Map<string, Promise<vscode.Uri | undefined>>();
  readonly #rulesOfRoot = new Map<string, IgnoreRules>();
  readonly #disposables: vscode.Disposable[] = [this.#didChange];

  constructor() {
    this.#secretFiles = new SecretFiles(readSecretPatterns(vscode.workspace.getConfiguration('chorus')));
    this.#watch(`**/${RULE_FILES}`);
    this.#disposables.push(
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#forget()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration('chorus.documents')) return;
        this.#secretFiles = new SecretFiles(readSecretPatterns(vscode.workspace.getConfiguration('chorus')));
        this.#forget();
      }),
      vscode.workspace.onDidCloseTextDocument((document) => this.#verdicts.delete(document.uri.toString())),
    );
  }

  /** Whether the document of `uri` may be sent. */
  check(uri: vscode.Uri): Promise<Verdict> {
    const key = uri.toString();
    let verdict = this.#verdicts.get(key);
    if (verdict === undefined) {
      verdict = this.judge(uri);
      this.#verdicts.set(key, verdict);
    }
    return verdict;
  }

  /** As `check`, of files that nobody has open: the verdict is not remembered. */
  async judge(uri: vscode.Uri): Promise<Verdict> {
    if (!SYNCED_SCHEMES.includes(uri.scheme)) return 'scheme';
    if (this.#secretFiles.has(uri.path)) return 'secret';
    const file = fileOf(uri);
    const root = file && (await this.#rootOf(file));
    if (!file || !root) return 'allowed';
    const path = relativePath(root, file);
    return path !== undefined && (await this.#rulesOf(root).ignores(path)) ? 'ignored' : 'allowed';
  }

  /** Whether nothing in a folder may be sent. */
  async forbidsFolder(uri: vscode.Uri): Promise<boolean> {
    if (this.#secretFiles.has(`${uri.path}/`)) return true;
    const root = await this.#rootOf(uri);
    const path = root && relativePath(root, uri);
    return root !== undefined && path !== undefined && (await this.#rulesOf(root).ignoresFolder(path));
  }

  /** The folder whose ignore rules count for `file`: its repository's, or else the workspace folder. */
  #rootOf(file: vscode.Uri): Promise<vscode.Uri | undefined> {
    const folder = vscode.Uri.joinPath(file, '..');
    const key = folder.toString();
    let root = this.#rootOfFolder.get(key);
    if (root === undefined) {
      root = this.#repositoryOf(folder).then((repository) => repository ?? vscode.workspace.getWorkspaceFolder(file)?.uri);
      this.#rootOfFolder.set(key, root);
    }
    return root;
  }

  /** The nearest folder with a `.git`, from `folder` upwards. */
  #repositoryOf(folder: vscode.Uri): Promise<vscode.Uri | undefined> {
    const key = folder.toString();
    let repository = this.#repositoryOfFolder.get(key);
    if (repository === undefined) {
      repository = isRepository(folder).then((isRoot) => {
        if (isRoot) return folder;
        const parent = vscode.Uri.joinPath(folder, '..');
        return folder.path === '/' || folder.path === '' || parent.path === folder.path ? undefined : this.#repositoryOf(parent);
      });
      this.#repositoryOfFolder.set(key, repository);
    }
    return repository;
  }

  #rulesOf(root: vscode.Uri): IgnoreRules {
    const key = root.toString();
    let rules = this.#rulesOfRoot.get(key);
    if (rules === undefined) {
      rules = new IgnoreRules((folder, name) => readTextFile(vscode.Uri.joinPath(root, folder, name), MAX_IGNORE_FILE_BYTES));
      this.#rulesOfRoot.set(key, rules);
      if (!vscode.workspace.getWorkspaceFolder(root)) this.#watch(new vscode.RelativePattern(root, RULE_FILES));
    }
    return rules;
  }

  #watch(pattern: vscode.GlobPattern): void {
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const forget = () => this.#forget();
    this.#disposables.push(watcher, watcher.onDidChange(forget), watcher.onDidCreate(forget), watcher.onDidDelete(forget));
  }

  #forget(): void {
    this.#verdicts.clear();
    this.#rootOfFolder.clear();
    this.#repositoryOfFolder.clear();
    for (const rules of this.#rulesOfRoot.values()) rules.forget();
    this.#didChange.fire();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }
}

/** The file that a document stands for: a cell's notebook, an unsaved file's place to be. */
function fileOf(uri: vscode.Uri): vscode.Uri | undefined {
  if (uri.scheme === NOTEBOOK_CELL_SCHEME) {
    const key = uri.toString();
    const holdsCell = (cell: vscode.NotebookCell): boolean => cell.document.uri.toString() === key;
    return vscode.workspace.notebookDocuments.find((notebook) => notebook.getCells().some(holdsCell))?.uri;
  }
  if (uri.scheme === 'untitled') {
    const folder = vscode.workspace.workspaceFolders?.find((candidate) => uri.path.startsWith(`${candidate.uri.path}/`));
    return folder?.uri.with({ path: uri.path });
  }
  return uri;
}

async function isRepository(folder: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(vscode.Uri.joinPath(folder, '.git')).then(() => true, () => false);
}

function relativePath(root: vscode.Uri, file: vscode.Uri): string | undefined {
  const prefix = root.path.endsWith('/') ? root.path : `${root.path}/`;
  return file.path.startsWith(prefix) ? file.path.slice(prefix.length) : undefined;
}
