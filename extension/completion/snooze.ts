import * as vscode from 'vscode';

/** Ghost text rests for a while, in this window. */
export class Snooze implements vscode.Disposable {
  readonly #didChange = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#didChange.event;
  #untilMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** As of `Date.now()`; a time in the past: awake. */
  get untilMs(): number {
    return this.#untilMs;
  }

  begin(minutes: number): void {
    this.#setUntil(Date.now() + minutes * 60_000);
  }

  end(): void {
    this.#setUntil(0);
  }

  #setUntil(untilMs: number): void {
    this.#untilMs = untilMs;
    clearTimeout(this.#timer);
    const restMs = untilMs - Date.now();
    if (restMs > 0) this.#timer = setTimeout(() => this.end(), restMs);
    void vscode.commands.executeCommand('setContext', 'chorus.completion.snoozed', restMs > 0);
    this.#didChange.fire();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#didChange.dispose();
  }
}
