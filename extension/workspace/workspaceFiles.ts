import * as vscode from 'vscode';
import { TimeoutError } from 'p-timeout';
import type {
  SkippedFiles,
  WorkspaceFile,
  WorkspaceListResult,
  WorkspaceReadResult,
  WorkspaceText,
} from '../../sidecar/protocol/client.ts';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import { bringsRules } from '../../sidecar/privacy/ignoreRules.ts';
import { limitedFiles } from '../documents/limitedFiles.ts';
import { readPlainFile, type SkipReason } from '../documents/readTextFile.ts';
import { SYNCED_SCHEMES } from '../documents/schemes.ts';
import { notebookText } from './notebookText.ts';
import { isInSkippedFolder, mayBeText } from '../../sidecar/privacy/sourceNames.ts';
import { walkFolder } from './workspaceWalk.ts';

const PAGE_FILES = 1_000;
/** The time after which a page is sent, however few files it has. */
const PAGE_MS = 500;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_NOTEBOOK_BYTES = 8 * 1024 * 1024;
const MAX_ANSWER_UNITS = 1024 * 1024;
const STAT_BATCH = 64;

/**
 * The files of this window's workspace for the sidecar. Contains only files that the policy allows, in a trusted
 * workspace. Every file is judged again when it is read.
 */
export class WorkspaceFiles {
  #walk: AsyncGenerator<vscode.Uri> | undefined;
  #page = 0;
  /** Counts of the files left out since the last page. */
  #skipped: SkipCounts = {};

  constructor(
    private readonly policy: Pick<DocumentPolicy, 'judge' | 'judgeName' | 'forbidsFolder' | 'rulesAppeared'>,
    private readonly log: (line: string) => void,
  ) {}

  /** Returns the next page of the listing. Without `page` it returns the first page of a new listing. */
  async list(page: number | undefined): Promise<WorkspaceListResult> {
    if (page === undefined) {
      this.#walk = this.#walkAll();
      this.#page = 0;
      this.#skipped = {};
    } else if (page !== this.#page) {
      return { files: [] };
    }
    const walk = this.#walk;
    const files: WorkspaceFile[] = [];
    const endMs = Date.now() + PAGE_MS;
    while (walk !== undefined && files.length < PAGE_FILES && Date.now() < endMs) {
      const next = await walk.next();
      if (walk !== this.#walk) return { files };
      if (next.done === true) return { files, ...this.#takeSkipped() };
      files.push(describe(next.value));
    }
    this.#page++;
    return { files, next: this.#page, ...this.#takeSkipped() };
  }

  /** Returns texts of files, as many as fit an answer. */
  async read(uris: readonly string[]): Promise<WorkspaceReadResult> {
    const files: WorkspaceText[] = [];
    const skipped: SkipCounts = {};
    const onSkipped = (reason: SkipReason): void => count(skipped, reason);
    let units = 0;
    for (const [index, key] of uris.entries()) {
      if (units >= MAX_ANSWER_UNITS) return { files, remaining: uris.slice(index), ...unlessNone(skipped) };
      const file = await this.#readOne(key, onSkipped);
      if (file === undefined) continue;
      files.push({ uri: key, ...file });
      units += file.text.length;
    }
    return { files, remaining: [], ...unlessNone(skipped) };
  }

  /** Returns whether a changed file belongs to the workspace and may be read. Its text is checked later. */
  async has(uri: vscode.Uri): Promise<boolean> {
    return (
      this.mayHaveHad(uri) &&
      mayBeText(uri.path.slice(uri.path.lastIndexOf('/') + 1)) &&
      (await this.policy.judge(uri)) === 'allowed'
    );
  }

  /**
   * Returns whether a deleted path may have been one of the workspace's files or folders. Only its place can be judged.
   */
  mayHaveHad(uri: vscode.Uri): boolean {
    if (!vscode.workspace.isTrusted || !SYNCED_SCHEMES.includes(uri.scheme)) return false;
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    return folder !== undefined && !isInSkippedFolder(uri.path.slice(folder.uri.path.length));
  }

  /** Returns the files and the folders among new paths. Leaves out links and paths that are already gone. */
  async byKind(
    uris: readonly vscode.Uri[],
  ): Promise<{ readonly files: readonly vscode.Uri[]; readonly folders: readonly vscode.Uri[] }> {
    const types: (vscode.FileType | undefined)[] = [];
    for (let start = 0; start < uris.length; start += STAT_BATCH) {
      types.push(...(await Promise.all(uris.slice(start, start + STAT_BATCH).map((uri) => this.#typeOf(uri)))));
    }
    const of = (type: vscode.FileType): vscode.Uri[] => uris.filter((_uri, index) => types[index] === type);
    return { files: of(vscode.FileType.File), folders: of(vscode.FileType.Directory) };
  }

  /**
   * Returns the files of a new folder in the workspace. If the folder contains ignore files, the policy is notified and
   * the listing ends, since all files have to be listed again.
   */
  async *below(folder: vscode.Uri): AsyncGenerator<vscode.Uri> {
    const root = vscode.workspace.getWorkspaceFolder(folder)?.uri;
    if (root === undefined || !this.mayHaveHad(vscode.Uri.joinPath(folder, 'file'))) return;
    const isRoot = root.toString() === folder.toString();
    if (!isRoot && (await this.policy.forbidsFolder(folder))) return;
    let hasRules = false;
    const onFolder = (names: readonly string[]): void => void (hasRules ||= names.some(bringsRules));
    const depth = isRoot ? 0 : folder.path.slice(root.path.length).split('/').filter(Boolean).length;
    for await (const file of walkFolder(folder, this.policy, { onSkipped: this.log, onFolder, depth })) {
      if (hasRules) break;
      yield file;
    }
    if (hasRules) this.policy.rulesAppeared();
  }

  async *#walkAll(): AsyncGenerator<vscode.Uri> {
    if (!vscode.workspace.isTrusted) return;
    for (const folder of vscode.workspace.workspaceFolders ?? [])
      yield* walkFolder(folder.uri, this.policy, {
        onSkipped: this.log,
        onLeftOut: (reason) => count(this.#skipped, reason),
      });
  }

  #takeSkipped(): { readonly skipped?: SkippedFiles } {
    const skipped = this.#skipped;
    this.#skipped = {};
    return unlessNone(skipped);
  }

  async #typeOf(uri: vscode.Uri): Promise<vscode.FileType | undefined> {
    try {
      return (await limitedFiles.stat(uri)).type;
    } catch (error) {
      if (error instanceof TimeoutError) this.#logSkipped(error);
      return undefined;
    }
  }

  async #readOne(
    key: string,
    onSkipped: (reason: SkipReason) => void,
  ): Promise<Omit<WorkspaceText, 'uri'> | undefined> {
    const uri = vscode.Uri.parse(key);
    if (!(await this.has(uri))) return undefined;
    const isNotebook = uri.path.endsWith('.ipynb');
    const text = await readPlainFile(uri, isNotebook ? MAX_NOTEBOOK_BYTES : MAX_FILE_BYTES, (reason, error) => {
      onSkipped(reason);
      if (error instanceof TimeoutError) this.#logSkipped(error);
    });
    if (text === undefined) return undefined;
    if (!isNotebook) return { text };
    const notebook = notebookText(text);
    if (notebook === undefined) onSkipped('unreadable');
    return notebook;
  }

  #logSkipped(error: TimeoutError): void {
    this.log(`A file of the workspace was left out: ${error.name}`);
  }
}

type SkipCounts = { -readonly [Reason in keyof SkippedFiles]: number };

function count(counts: SkipCounts, reason: keyof SkippedFiles): void {
  counts[reason] = (counts[reason] ?? 0) + 1;
}

const unlessNone = (skipped: SkipCounts): { readonly skipped?: SkippedFiles } =>
  Object.keys(skipped).length > 0 ? { skipped } : {};

/** Returns a file in the sidecar's form. */
export function describe(uri: vscode.Uri): WorkspaceFile {
  return { uri: uri.toString(), path: vscode.workspace.asRelativePath(uri).replaceAll('\\', '/') };
}
