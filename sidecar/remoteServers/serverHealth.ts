import type { ServerUnavailableError } from './serverErrors.ts';

const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/**
 * Whether a server is worth asking. One that gave no answer is left alone for a while, longer each time; then it is
 * looked at in passing, and asked again when it answers. The reason stands until it has generated something.
 */
export class ServerHealth {
  #reason: string | undefined;
  #failures = 0;
  #nextLookMs = 0;
  #isLooking = false;
  #isOpen = true;

  /** `look` asks the server whether it is there; rejects if not. */
  constructor(
    private readonly options: {
      readonly look: () => Promise<void>;
      readonly onChange: () => void;
      readonly now?: () => number;
    },
  ) {}

  /** Why it isn't asked, or was not until now. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Whether to ask the server now. Where not, and it is time to, has a look at it for the next request. */
  shouldAsk(): boolean {
    if (!this.#isOpen && !this.#isLooking && this.#now() >= this.#nextLookMs) {
      this.#look().catch(() => undefined);
    }
    return this.#isOpen;
  }

  /** It gave no answer. */
  failed({ message, options: { retryAfterMs } }: ServerUnavailableError): void {
    // Requests that were under way together fail together.
    if (this.#isOpen) this.#failures++;
    this.#isOpen = false;
    this.#nextLookMs =
      this.#now() + Math.max(retryAfterMs ?? 0, Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS));
    this.#reason = message;
    this.options.onChange();
  }

  /** It generated something. */
  succeeded(): void {
    if (this.#reason === undefined) return;
    this.#reset();
    this.options.onChange();
  }

  /** The user did something about it: it is asked again at once. */
  reset(): void {
    this.#reset();
    this.options.onChange();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    try {
      await this.options.look();
      this.#isOpen = true;
    } catch {
      this.#failures++;
      this.#nextLookMs = this.#now() + Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    } finally {
      this.#isLooking = false;
    }
  }

  #reset(): void {
    this.#reason = undefined;
    this.#failures = 0;
    this.#isOpen = true;
  }

  #now(): number {
    return this.options.now?.() ?? performance.now();
  }
}
