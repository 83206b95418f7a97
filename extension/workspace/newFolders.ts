import type * as vscode from 'vscode';
import type { WorkspaceFiles } from './workspaceFiles.ts';

/**
 * Of more files at a time the sidecar is not told one by one: it lists everything anew, at its own pace and within its
 * bounds.
 */
const MAX_FILES = 10_000;

export interface NewFoldersEvents {
  readonly onFile: (file: vscode.Uri) => void;
  readonly onTooMany: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Finds the files of folders that appeared, one folder after the other. Of a folder that is moved or copied VS Code
 * tells nothing but the folder.
 */
export class NewFolders {
  readonly #waiting = new Map<string, vscode.Uri>();
  #isWalking = false;
  /** Another number after everything was forgotten: a walk that began before has ended then. */
  #epoch = 0;

  constructor(
    private readonly files: Pick<WorkspaceFiles, 'below'>,
    private readonly events: NewFoldersEvents,
  ) {}

  /** Tells of the folders' files, a while later. */
  add(folders: readonly vscode.Uri[]): void {
    for (const folder of folders) this.#waiting.set(folder.toString(), folder);
    if (!this.#isWalking) this.#walkAll().catch(this.events.onError);
  }

  /** Tells of no file any more, unless other folders are added. */
  forget(): void {
    this.#waiting.clear();
    this.#epoch++;
  }

  async #walkAll(): Promise<void> {
    this.#isWalking = true;
    try {
      while (this.#waiting.size > 0) {
        const folders = outermost(this.#waiting);
        this.#waiting.clear();
        await this.#walk(folders);
      }
    } finally {
      this.#isWalking = false;
    }
  }

  async #walk(folders: readonly vscode.Uri[]): Promise<void> {
    const epoch = this.#epoch;
    let count = 0;
    for (const folder of folders) {
      for await (const file of this.files.below(folder)) {
        if (epoch !== this.#epoch) return;
        if (++count > MAX_FILES) return this.events.onTooMany();
        this.events.onFile(file);
      }
      if (epoch !== this.#epoch) return;
    }
  }
}

/** Those of the folders that lie in none of the others. */
function outermost(folders: ReadonlyMap<string, vscode.Uri>): vscode.Uri[] {
  return [...folders].flatMap(([key, folder]) => {
    for (let end = key.lastIndexOf('/'); end > 0; end = key.lastIndexOf('/', end - 1)) {
      if (folders.has(key.slice(0, end))) return [];
    }
    return [folder];
  });
}
