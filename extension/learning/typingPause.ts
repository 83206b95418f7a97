import * as vscode from 'vscode';

/** How long no key was pressed before work in the background goes on. */
const QUIET_MS = 5_000;

/** Pauses work in the background while the user types in this window. */
export class TypingPause implements vscode.Disposable {
  readonly #listener: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    work: { readonly pause: () => void; readonly resume: () => void },
    onPaused: (isPaused: boolean) => void,
    quietMs = QUIET_MS,
  ) {
    const resume = (): void => {
      this.#timer = undefined;
      work.resume();
      onPaused(false);
    };
    this.#listener = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      // Output channels change without a user.
      if (contentChanges.length === 0 || document !== vscode.window.activeTextEditor?.document) return;
      if (this.#timer === undefined) {
        work.pause();
        onPaused(true);
      }
      clearTimeout(this.#timer);
      this.#timer = setTimeout(resume, quietMs);
    });
  }

  dispose(): void {
    this.#listener.dispose();
    clearTimeout(this.#timer);
  }
}
