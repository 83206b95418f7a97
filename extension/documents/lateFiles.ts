import type * as vscode from 'vscode';
import { TimeoutError } from 'p-timeout';
import { readIgnoreFile } from './readIgnoreFile.ts';

const RETRY_MS = 60_000;
/**
 * The maximum number of stored files. If a file system is gone, all its files are late, and a few of them tell when it
 * is back.
 */
const MAX_FILES = 32;

export interface LateFilesOptions {
  /** Called before the late files are read again. */
  readonly onRetry: () => void;
  /** Called when a late file has answered. */
  readonly onAnswer: () => void;
}

/** Ignore files and repositories that could not be read in time. They are read again every minute until one answers. */
export class LateFiles implements vscode.Disposable {
  readonly #files = new Map<string, vscode.Uri>();
  #retry: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(private readonly options: LateFilesOptions) {}

  /** Stores a late file. Returns whether it is the first since the last retry. */
  add(file: vscode.Uri): boolean {
    if (this.#isDisposed) return false;
    if (this.#files.size < MAX_FILES) this.#files.set(file.toString(), file);
    if (this.#retry !== undefined) return false;
    this.#retry = setTimeout(() => {
      this.#askAgain().catch(() => undefined);
    }, RETRY_MS);
    return true;
  }

  /** Stops asking for the files. */
  clear(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#files.clear();
  }

  async #askAgain(): Promise<void> {
    const files = [...this.#files.values()];
    this.clear();
    this.options.onRetry();
    const answered = await Promise.all(files.map(answers));
    if (this.#isDisposed) return;
    if (answered.includes(true)) this.options.onAnswer();
    else for (const file of files) this.add(file);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.clear();
  }
}

/** Returns whether the file answers, with any result. Its status may come in time and its text late. */
async function answers(file: vscode.Uri): Promise<boolean> {
  return readIgnoreFile(file).then(
    () => true,
    (error: unknown) => !(error instanceof TimeoutError),
  );
}
