import * as vscode from 'vscode';
import { MAX_TIMER_MS } from '../../sidecar/common/maxTimer.ts';

/** The latest time that a date can represent. */
const MAX_DATE_MS = 8.64e15;

/** Switches ghost text off for a while, in this window. */
export class Snooze implements vscode.Disposable {
  readonly #didChange = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#didChange.event;
  #untilMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** The end of the snooze as of `Date.now()`. A past time means that ghost text is on. */
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

  /** Waits with one timer after the other if the time exceeds a timer's maximum. */
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
