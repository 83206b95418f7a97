/** Systems repeat a key 10 to 30 times a second, */
const RELEASED_MS = 400;
/** and begin to after a quarter to two thirds of a second. */
const FIRST_REPEAT_MS = 700;

/**
 * Begins something with a key's command, and tells when the key is let go. VS Code tells extensions of no key that is
 * released (its own "Hold to Speak" waits for that by an interface of its window's process), but while a key is held
 * its command comes again and again: the end has come a moment after the last of them. So a second press ends what the
 * first began too. What ends by itself while the key is held does not begin again before it is let go.
 */
export class HeldKey {
  #timer: NodeJS.Timeout | undefined;
  #begun: AbortController | undefined;

  /**
   * Every invocation of the command comes here. Calls `begin` where nothing goes on and the key was up, with a signal
   * that is aborted when the key is let go or was pressed a second time; rejects as that does. A press alone aborts
   * nothing.
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
