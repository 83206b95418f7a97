import * as vscode from 'vscode';
import { LateError } from '../../sidecar/client/within.ts';
import { readSecretPatterns } from '../settings.ts';
import { EXCLUDE_FILE, IGNORE_FILES, IgnoreRules } from './ignoreRules.ts';
import { LateFiles } from './lateFiles.ts';
import { readIgnoreFile } from './readIgnoreFile.ts';
import { RuleRoots } from './ruleRoots.ts';
import { NOTEBOOK_CELL_SCHEME, SYNCED_SCHEMES } from './schemes.ts';
import { SecretFiles } from './secretFiles.ts';

/** Why a document stays in the window, or 'allowed'. */
export type Verdict = 'allowed' | 'scheme' | 'secret' | 'ignored';

const RULE_FILES = `{${[...IGNORE_FILES, `${EXCLUDE_FILE.folder}/${EXCLUDE_FILE.name}`].join(',')}}`;

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
  readonly #roots = new RuleRoots((error, file) => this.#noteUnread(error, file));
  readonly #rulesOfRoot = new Map<string, IgnoreRules>();
  /** What answers after all may allow files that nobody asks for again, since they were left out of a listing. */
  readonly #late = new LateFiles({ onRetry: () => this.#dropVerdicts(), onAnswer: () => this.#forget() });
  readonly #disposables: vscode.Disposable[] = [this.#didChange, this.#late];

  /** `log` gets a line for rules that can't be read. */
  constructor(private readonly log: (line: string) => void) {
    this.#secretFiles = new SecretFiles(readSecretPatterns(vscode.workspace.getConfiguration('chorus')));
    this.#watch(`**/${RULE_FILES}`);
    this.#watchFolders();
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
    return file !== undefined && (await this.#isIgnored(file, 'file')) ? 'ignored' : 'allowed';
  }

  /** Whether nothing in a folder may be sent. */
  async forbidsFolder(uri: vscode.Uri): Promise<boolean> {
    return this.#secretFiles.has(`${uri.path}/`) || this.#isIgnored(uri, 'folder');
  }

  /** There may be ignore files that no watcher told of: everything is judged anew. */
  rulesAppeared(): void {
    this.#forget();
  }

  async #isIgnored(uri: vscode.Uri, kind: 'file' | 'folder'): Promise<boolean> {
    for (const root of await this.#roots.of(vscode.Uri.joinPath(uri, '..'))) {
      const path = relativePath(root, uri);
      const rules = this.#rulesOf(root);
      if (path !== undefined && (await (kind === 'folder' ? rules.ignoresFolder(path) : rules.ignores(path)))) return true;
    }
    return false;
  }

  #rulesOf(root: vscode.Uri): IgnoreRules {
    const key = root.toString();
    let rules = this.#rulesOfRoot.get(key);
    if (rules === undefined) {
      rules = new IgnoreRules((folder, name) => this.#readRules(root, folder, name));
      this.#rulesOfRoot.set(key, rules);
      if (!vscode.workspace.getWorkspaceFolder(root)) this.#watch(new vscode.RelativePattern(root, RULE_FILES));
    }
    return rules;
  }

  /** As for git, the ignore files of a repository further down are none of `root`'s: they bring nothing back that it ignores. */
  async #readRules(root: vscode.Uri, folder: string, name: string): Promise<string | undefined> {
    const uri = vscode.Uri.joinPath(root, folder);
    if (folder !== EXCLUDE_FILE.folder && (await this.#roots.of(uri))[0]?.toString() !== root.toString()) return undefined;
    const file = vscode.Uri.joinPath(uri, name);
    return readIgnoreFile(file).catch((error: unknown) => {
      this.#noteUnread(error, file);
      throw error;
    });
  }

  /** A file system that is gone is late with everything: it gets one line until it is asked again. */
  #noteUnread(error: unknown, file: vscode.Uri): void {
    if (error instanceof LateError && !this.#late.add(file)) return;
    const reason = error instanceof vscode.FileSystemError ? error.name : String(error);
    this.log(`Ignore rules can't be read, so what they may be about is kept from the model: ${reason}`);
  }

  #watch(pattern: vscode.GlobPattern): void {
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const forget = () => this.#forget();
    this.#disposables.push(watcher, watcher.onDidChange(forget), watcher.onDidCreate(forget), watcher.onDidDelete(forget));
  }

  /** Of a folder that is moved VS Code tells nothing but the folder: at a path of which rules were read others may count now. */
  #watchFolders(): void {
    const watcher = vscode.workspace.createFileSystemWatcher('**/*', false, false, true);
    const forget = (uri: vscode.Uri): void => this.#forgetBelow(uri);
    this.#disposables.push(watcher, watcher.onDidCreate(forget), watcher.onDidChange(forget));
  }

  #forgetBelow(folder: vscode.Uri): void {
    if (!this.#roots.has(folder)) return;
    this.#verdicts.clear();
    this.#roots.forget(folder);
    for (const [root, rules] of this.#rulesOfRoot) {
      const path = relativePath(vscode.Uri.parse(root), folder);
      if (path !== undefined) rules.forget(path);
      else if (`${root}/`.startsWith(`${folder.toString()}/`)) rules.forget();
    }
  }

  #forget(): void {
    this.#late.clear();
    this.#dropVerdicts();
    this.#didChange.fire();
  }

  #dropVerdicts(): void {
    this.#verdicts.clear();
    this.#roots.forget();
    for (const rules of this.#rulesOfRoot.values()) rules.forget();
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

function relativePath(root: vscode.Uri, file: vscode.Uri): string | undefined {
  const prefix = root.path.endsWith('/') ? root.path : `${root.path}/`;
  return file.path.startsWith(prefix) ? file.path.slice(prefix.length) : undefined;
}
