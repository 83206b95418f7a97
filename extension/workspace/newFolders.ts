import type * as vscode from 'vscode';
import type { WorkspaceFiles } from './workspaceFiles.ts';

/**
 * The maximum number of files that are reported one by one. Beyond it the sidecar lists all files again, at its own
 * pace and within its limits.
 */
const MAX_FILES = 10_000;

export interface NewFoldersEvents {
  readonly onFile: (file: vscode.Uri) => void;
  readonly onTooMany: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Finds the files of new folders, one folder after the other. For a moved or copied folder VS Code reports only the
 * folder.
 */
export class NewFolders {
  readonly #waiting = new Map<string, vscode.Uri>();
  #isWalking = false;
  /** Increases at `forget`. A walk with an older number has ended. */
  #epoch = 0;

  constructor(
    private readonly files: Pick<WorkspaceFiles, 'below'>,
    private readonly events: NewFoldersEvents,
  ) {}

  /** Reports the folders' files a while later. */
  add(folders: readonly vscode.Uri[]): void {
    for (const folder of folders) this.#waiting.set(folder.toString(), folder);
    if (!this.#isWalking) this.#walkAll().catch(this.events.onError);
  }

  /** Reports no more files until other folders are added. */
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

/** The folders that lie in none of the others. */
function outermost(folders: ReadonlyMap<string, vscode.Uri>): vscode.Uri[] {
  return [...folders].flatMap(([key, folder]) => {
    for (let end = key.lastIndexOf('/'); end > 0; end = key.lastIndexOf('/', end - 1)) {
      if (folders.has(key.slice(0, end))) return [];
    }
    return [folder];
  });
}
