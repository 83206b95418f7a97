import * as vscode from 'vscode';
import { TimeoutError } from 'p-timeout';
import { readSecretPatterns } from '../settings.ts';
import { fileOf } from './fileOf.ts';
import { EXCLUDE_FILE, IGNORE_FILES, IgnoreRules } from '../../sidecar/privacy/ignoreRules.ts';
import { LateFiles } from './lateFiles.ts';
import { linkTarget } from './linkTarget.ts';
import { OutsideWatchers } from './outsideWatchers.ts';
import { readIgnoreFile } from './readIgnoreFile.ts';
import { RuleRoots } from './ruleRoots.ts';
import { SYNCED_SCHEMES } from './schemes.ts';
import { SecretFiles } from '../../sidecar/privacy/secretFiles.ts';

/** The reason why a document stays in the window, or 'allowed'. */
export type Verdict = 'allowed' | 'scheme' | 'secret' | 'ignored';

const RULE_FILES = `{${[...IGNORE_FILES, `${EXCLUDE_FILE.folder}/${EXCLUDE_FILE.name}`].join(',')}}`;

/**
 * Decides which documents may leave the window for the sidecar. Reads rules through `vscode.workspace.fs`, so remote
 * and virtual workspaces have the same rules as local ones.
 */
export class DocumentPolicy implements vscode.Disposable {
  readonly #didChange = new vscode.EventEmitter<void>();
  /** Fires when verdicts may have changed, because of ignore files, settings or folders. */
  readonly onDidChange = this.#didChange.event;

  #secretFiles: SecretFiles;
  readonly #verdicts = new Map<string, Promise<Verdict>>();
  /** Increases when rules are dropped, since verdicts by the old rules are then invalid. */
  #epoch = 0;
  readonly #roots = new RuleRoots((error, file) => this.#noteUnread(error, file));
  readonly #rulesOfRoot = new Map<string, IgnoreRules>();
  readonly #outside = new OutsideWatchers((root) => this.#watch(new vscode.RelativePattern(root, RULE_FILES)));
  /**
   * Files that answer late may have been left out of a listing. No caller asks for them again, so all verdicts are
   * dropped.
   */
  readonly #late = new LateFiles({ onRetry: () => this.#dropVerdicts(), onAnswer: () => this.#forget() });
  readonly #disposables: vscode.Disposable[] = [this.#didChange, this.#late, this.#outside];
  /** The log lines about files with too many rules, so that each is logged once. */
  readonly #toldOf = new Set<string>();

  /** `log` receives a line about rules that can't be read. */
  constructor(private readonly log: (line: string) => void) {
    this.#secretFiles = this.#readSecretFiles();
    this.#disposables.push(this.#watch(`**/${RULE_FILES}`));
    this.#watchFolders();
    this.#disposables.push(
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#forget()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration('chorus.documents')) return;
        this.#secretFiles = this.#readSecretFiles();
        this.#forget();
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#closed(uri)),
    );
  }

  #readSecretFiles(): SecretFiles {
    const files = new SecretFiles(readSecretPatterns(vscode.workspace.getConfiguration('chorus')));
    if (files.problem)
      this.log(
        `The setting chorus.documents.secretFiles can't be applied, so every file is kept from the model: ${files.problem.message}`,
      );
    return files;
  }

  /**
   * Returns whether the document of `uri` may be sent, by the rules that are valid at the answer. Waits while the rules
   * change.
   */
  async check(uri: vscode.Uri): Promise<Verdict> {
    const key = uri.toString();
    for (;;) {
      const epoch = this.#epoch;
      const verdict = this.#verdicts.get(key) ?? this.judge(uri);
      this.#verdicts.set(key, verdict);
      const result = await verdict;
      if (epoch === this.#epoch) return result;
    }
  }

  /** Judges a file that is not open. Unlike `check` it does not store the verdict. */
  async judge(uri: vscode.Uri): Promise<Verdict> {
    const verdict = await this.judgeName(uri);
    const file = verdict === 'allowed' ? fileOf(uri) : undefined;
    return file === undefined ? verdict : this.#judgeTarget(file);
  }

  /** Judges a path that was reached without following a link. */
  async judgeName(uri: vscode.Uri): Promise<Verdict> {
    return this.#judgeName(uri, false);
  }

  async #judgeName(uri: vscode.Uri, isLinked: boolean): Promise<Verdict> {
    if (!SYNCED_SCHEMES.includes(uri.scheme)) return 'scheme';
    if (this.#secretFiles.has(uri.path)) return 'secret';
    const file = fileOf(uri);
    return file !== undefined && (await this.#isIgnored(file, { isFolder: false, isLinked })) ? 'ignored' : 'allowed';
  }

  /** Returns whether no file in a folder may be sent. */
  async forbidsFolder(uri: vscode.Uri): Promise<boolean> {
    return this.#secretFiles.has(`${uri.path}/`) || this.#isIgnored(uri, { isFolder: true, isLinked: false });
  }

  /** Judges everything again, since there may be ignore files that no watcher reported. */
  rulesAppeared(): void {
    this.#forget();
  }

  /** A link is as secret as its target. While the target can't be found out, the link is not sent. */
  async #judgeTarget(file: vscode.Uri): Promise<Verdict> {
    try {
      const target = await linkTarget(file);
      return target === undefined ? 'allowed' : await this.#judgeName(target, true);
    } catch (error) {
      this.#noteUnread(error, file);
      return 'ignored';
    }
  }

  async #isIgnored(
    uri: vscode.Uri,
    { isFolder, isLinked }: { readonly isFolder: boolean; readonly isLinked: boolean },
  ): Promise<boolean> {
    for (const root of await this.#roots.of(vscode.Uri.joinPath(uri, '..'))) {
      const path = relativePath(root, uri);
      const rules = this.#rulesOf(root);
      if (!vscode.workspace.getWorkspaceFolder(root)) this.#outside.need(root, isLinked);
      if (path !== undefined && (await (isFolder ? rules.ignoresFolder(path) : rules.ignores(path)))) return true;
    }
    return false;
  }

  #rulesOf(root: vscode.Uri): IgnoreRules {
    const key = root.toString();
    let rules = this.#rulesOfRoot.get(key);
    if (rules === undefined) {
      rules = new IgnoreRules((folder, name) => this.#readRules(root, folder, name), {
        onRefused: (file, error) => this.#noteRefused(error, vscode.Uri.joinPath(root, file)),
      });
      this.#rulesOfRoot.set(key, rules);
    }
    return rules;
  }

  /**
   * Returns `undefined` for ignore files of a nested repository. As in git, they do not belong to `root` and cannot
   * re-include files that it ignores.
   */
  async #readRules(root: vscode.Uri, folder: string, name: string): Promise<string | undefined> {
    const uri = vscode.Uri.joinPath(root, folder);
    if (folder !== EXCLUDE_FILE.folder && (await this.#roots.of(uri))[0]?.toString() !== root.toString())
      return undefined;
    const file = vscode.Uri.joinPath(uri, name);
    return readIgnoreFile(file).catch((error: unknown) => {
      this.#noteUnread(error, file);
      throw error;
    });
  }

  /** If a file system is gone, all its files are late. The log gets one line until they are read again. */
  #noteUnread(error: unknown, file: vscode.Uri): void {
    if (error instanceof TimeoutError && !this.#late.add(file)) return;
    const reason = error instanceof vscode.FileSystemError ? error.name : String(error);
    this.log(`Ignore rules can't be read, so what they may be about is kept from the model: ${reason}`);
  }

  #noteRefused(error: unknown, file: vscode.Uri): void {
    const line = `${file.fsPath} has more rules than Chorus applies, so what it may be about is kept from the model: ${(error as Error).message}`;
    if (this.#toldOf.has(line)) return;
    this.#toldOf.add(line);
    this.log(line);
  }

  #watch(pattern: vscode.GlobPattern): vscode.Disposable {
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const forget = () => this.#forget();
    return vscode.Disposable.from(
      watcher,
      watcher.onDidChange(forget),
      watcher.onDidCreate(forget),
      watcher.onDidDelete(forget),
    );
  }

  /** The rules of a repository outside the workspace are kept while a document in it is open. */
  #closed(document: vscode.Uri): void {
    this.#verdicts.delete(document.toString());
    const open = [...this.#verdicts.keys()].flatMap((key) => fileOf(vscode.Uri.parse(key)) ?? []);
    for (const root of this.#outside.keepFor(open)) {
      this.#rulesOfRoot.delete(root.toString());
      this.#roots.forget(root);
    }
  }

  /**
   * For a moved folder VS Code reports only the folder itself. Other rules may now apply at a path whose rules were
   * read.
   */
  #watchFolders(): void {
    const watcher = vscode.workspace.createFileSystemWatcher('**/*', false, false, true);
    const judge = (uri: vscode.Uri): void => {
      this.#judgeAgain(uri).catch(() => undefined);
      this.#forgetBelow(uri);
    };
    this.#disposables.push(watcher, watcher.onDidCreate(judge), watcher.onDidChange(judge));
  }

  /** A link may have replaced a file or folder, or may have a new target. */
  async #judgeAgain(changed: vscode.Uri): Promise<void> {
    const known = [...this.#verdicts].filter(([key]) => `${key}/`.startsWith(`${changed.toString()}/`));
    const areOthers = await Promise.all(
      known.map(async ([key, before]) => {
        this.#verdicts.delete(key);
        return (await this.check(vscode.Uri.parse(key))) !== (await before);
      }),
    );
    if (areOthers.includes(true)) this.#didChange.fire();
  }

  #forgetBelow(folder: vscode.Uri): void {
    if (!this.#roots.has(folder)) return;
    this.#clearVerdicts();
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
    // Open documents are judged again, which creates the watchers again.
    this.#outside.dispose();
    this.#rulesOfRoot.clear();
    this.#didChange.fire();
  }

  #dropVerdicts(): void {
    this.#clearVerdicts();
    this.#roots.forget();
    for (const rules of this.#rulesOfRoot.values()) rules.forget();
  }

  #clearVerdicts(): void {
    this.#epoch++;
    this.#verdicts.clear();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }
}

function relativePath(root: vscode.Uri, file: vscode.Uri): string | undefined {
  const prefix = root.path.endsWith('/') ? root.path : `${root.path}/`;
  return file.path.startsWith(prefix) ? file.path.slice(prefix.length) : undefined;
}
