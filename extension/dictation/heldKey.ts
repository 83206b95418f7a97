/** The time without a repeat after which a key counts as released. Systems repeat a key 10 to 30 times a second. */
const RELEASED_MS = 400;
/** The time until the first repeat. Systems begin to repeat after a quarter to two thirds of a second. */
const FIRST_REPEAT_MS = 700;

/**
 * Starts an action by a key's command and detects when the key is released. VS Code reports no key releases to
 * extensions: its own "Hold to Speak" uses an interface of its window's process. But a held key repeats its command, so
 * the key was released shortly after the last repeat.
 *
 * A second press ends the action too. An action that ends while the key is held does not start again before the
 * release.
 */
export class HeldKey {
  #timer: NodeJS.Timeout | undefined;
  #begun: AbortController | undefined;

  /**
   * Handles every invocation of the command. Calls `begin` if no action runs and the key was up. Its signal is aborted
   * when the key is released after repeats, or pressed a second time. A single press aborts nothing. Rejects if `begin`
   * rejects.
   */
  async press(begin: (released: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#begun || this.#timer) return this.#expectRepeat(RELEASED_MS, () => this.#begun?.abort());
    this.#expectRepeat(FIRST_REPEAT_MS);
    this.#begun = new AbortController();
    try {
      await begin(this.#begun.signal);
    } finally {
      this.#begun = undefined;
    }
  }

  #expectRepeat(withinMs: number, onReleased: () => void = () => undefined): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      onReleased();
    }, withinMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }
}
