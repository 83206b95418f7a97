/** Systems repeat a key 10 to 30 times a second. */
const RELEASED_MS = 400;

/**
 * Tells when a key is let go whose command began something. VS Code tells extensions of no key that is released (its own "Hold to Speak" waits for that by an interface of its
 * window's process), but while a key is held its command comes again and again: the end has come a moment after the last of them. So a second press ends what the first began too.
 */
export class HeldKey {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly onReleased: () => void) {}

  /** The command came while what it began goes on: the key is held, or was pressed a second time. */
  pressAgain(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.onReleased(), RELEASED_MS);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }
}
