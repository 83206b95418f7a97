import type * as vscode from 'vscode';
import { LateError } from '../../sidecar/common/within.ts';
import { readIgnoreFile } from './readIgnoreFile.ts';

const RETRY_MS = 60_000;
/** A file system that is gone is late with everything: some of it tells when it is back. */
const MAX_FILES = 32;

export interface LateFilesOptions {
  /** What was late is about to be asked again. */
  readonly onRetry: () => void;
  /** Something that was late has answered. */
  readonly onAnswer: () => void;
}

/**
 * Ignore files and repositories that could not be read in time, which are asked again every minute until one answers.
 */
export class LateFiles implements vscode.Disposable {
  readonly #files = new Map<string, vscode.Uri>();
  #retry: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(private readonly options: LateFilesOptions) {}

  /** Notes a file that was late. Gives whether it is the first one since all were asked. */
  add(file: vscode.Uri): boolean {
    if (this.#isDisposed) return false;
    if (this.#files.size < MAX_FILES) this.#files.set(file.toString(), file);
    if (this.#retry !== undefined) return false;
    this.#retry = setTimeout(() => {
      this.#askAgain().catch(() => undefined);
    }, RETRY_MS);
    return true;
  }

  /** Asks for none of them any more. */
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

/** Whatever the answer is. A file may be there in time, and its text be late. */
async function answers(file: vscode.Uri): Promise<boolean> {
  return readIgnoreFile(file).then(
    () => true,
    (error: unknown) => !(error instanceof LateError),
  );
}
