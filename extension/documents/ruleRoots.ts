import * as vscode from 'vscode';
import { TimeoutError } from 'p-timeout';
import { limitedFiles } from './limitedFiles.ts';

/** Finds the folders whose ignore rules apply to the contents of a folder. Results are kept until `forget`. */
export class RuleRoots {
  readonly #rootsOfFolder = new Map<string, Promise<readonly vscode.Uri[]>>();

  /**
   * Calls `onLate` with a file that was not found in time, so that it is unknown whether its folder is a repository.
   * Then both the folder's own rules and those around it apply, which sends less rather than more.
   */
  constructor(private readonly onLate: (error: TimeoutError, file: vscode.Uri) => void) {}

  /**
   * Returns the repositories from `folder` up to the workspace folder, nearest first. The last is the repository around
   * the workspace folder, or the workspace folder itself. A nested repository is part of the workspace too, so a `.git`
   * in it does not re-include files that the workspace ignores.
   *
   * Outside all workspace folders only the nearest repository counts.
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

  /** Returns whether roots are known for the contents of a folder. */
  has(folder: vscode.Uri): boolean {
    return this.#rootsOfFolder.has(folder.toString());
  }

  /** Drops the results. With `folder` it drops only those of that folder and of the folders below it. */
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
        if (!(error instanceof TimeoutError)) return 'no';
        this.onLate(error, file);
        return 'unknown';
      },
    );
  }
}
