import * as vscode from 'vscode';
import { LateError } from '../../sidecar/common/within.ts';
import { limitedFiles } from './limitedFiles.ts';

/** Finds the folders from which ignore rules count for what lies in a folder. What was found is kept until `forget`. */
export class RuleRoots {
  readonly #rootsOfFolder = new Map<string, Promise<readonly vscode.Uri[]>>();

  /**
   * `onLate`: nobody could tell whether a folder is a repository, since this file was not found in time. Its own rules
   * count then, and those around it as well, which keeps more from the model rather than less.
   */
  constructor(private readonly onLate: (error: LateError, file: vscode.Uri) => void) {}

  /**
   * The repositories from `folder` up to the workspace folder, nearest first, and last the one around the workspace
   * folder, or where there is none the workspace folder itself. A repository in a workspace is a part of it too: what
   * the workspace ignores does not come back by having a `.git`. Outside of all workspace folders: the nearest
   * repository alone.
   */
  of(folder: vscode.Uri): Promise<readonly vscode.Uri[]> {
    const key = folder.toString();
    let roots = this.#rootsOfFolder.get(key);
    if (roots === undefined) {
      roots = this.#find(folder);
      this.#rootsOfFolder.set(key, roots);
    }
    return roots;
  }

  /** Whether roots were found for what lies in a folder. */
  has(folder: vscode.Uri): boolean {
    return this.#rootsOfFolder.has(folder.toString());
  }

  /** Drops what was found. With `folder`: of that one and those below it alone. */
  forget(folder?: vscode.Uri): void {
    for (const key of [...this.#rootsOfFolder.keys()]) {
      if (folder === undefined || `${key}/`.startsWith(`${folder.toString()}/`)) this.#rootsOfFolder.delete(key);
    }
  }

  async #find(folder: vscode.Uri): Promise<readonly vscode.Uri[]> {
    const workspaceFolder = vscode.workspace.getWorkspaceFolder(folder)?.uri;
    const isWorkspaceFolder = workspaceFolder?.toString() === folder.toString();
    const isRepository = await this.#isRepository(folder);
    if (isRepository === 'yes' && (workspaceFolder === undefined || isWorkspaceFolder)) return [folder];
    const parent = vscode.Uri.joinPath(folder, '..');
    const isTop = folder.path === '/' || folder.path === '' || parent.path === folder.path;
    const above = isTop ? [] : await this.of(parent);
    if (isRepository !== 'no') return [folder, ...above];
    return isWorkspaceFolder && above.length === 0 ? [folder] : above;
  }

  async #isRepository(folder: vscode.Uri): Promise<'yes' | 'no' | 'unknown'> {
    const file = vscode.Uri.joinPath(folder, '.git');
    return limitedFiles.stat(file).then(
      () => 'yes',
      (error: unknown) => {
        if (!(error instanceof LateError)) return 'no';
        this.onLate(error, file);
        return 'unknown';
      },
    );
  }
}
