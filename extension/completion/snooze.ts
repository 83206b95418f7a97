import * as vscode from 'vscode';
import { MAX_TIMER_MS } from '../../sidecar/common/maxTimer.ts';

/** The last time that a date can tell. */
const MAX_DATE_MS = 8.64e15;

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
    this.#setUntil(Math.min(Date.now() + minutes * 60_000, MAX_DATE_MS));
  }

  end(): void {
    this.#setUntil(0);
  }

  #setUntil(untilMs: number): void {
    this.#untilMs = untilMs;
    this.#wait();
    void vscode.commands.executeCommand('setContext', 'chorus.completion.snoozed', untilMs > Date.now());
    this.#didChange.fire();
  }

  /** For more than a timer can wait, one follows the other. */
  #wait(): void {
    clearTimeout(this.#timer);
    const restMs = this.#untilMs - Date.now();
    if (restMs > 0)
      this.#timer = setTimeout(
        () => (this.#untilMs > Date.now() ? this.#wait() : this.end()),
        Math.min(restMs, MAX_TIMER_MS),
      );
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#didChange.dispose();
  }
}
