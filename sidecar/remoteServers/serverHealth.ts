import type { ServerUnavailableError } from './serverErrors.ts';

const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/**
 * Whether to use a server. After a failure it is not used for a while, longer each time. Then it is checked in the
 * background and used again when it answers. The failure's reason is shown until the server has generated text.
 */
export class ServerHealth {
  #reason: string | undefined;
  #failures = 0;
  #nextLookMs = 0;
  #isLooking = false;
  #isOpen = true;

  /** `look` checks whether the server answers, and rejects if not. */
  constructor(
    private readonly options: {
      readonly look: () => Promise<void>;
      readonly onChange: () => void;
      readonly now?: () => number;
    },
  ) {}

  /** Why the server is not used, or was not used until its last check. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Whether to use the server now. If not, and the pause is over, checks it for the next request. */
  shouldAsk(): boolean {
    if (!this.#isOpen && !this.#isLooking && this.#now() >= this.#nextLookMs) {
      this.#look().catch(() => undefined);
    }
    return this.#isOpen;
  }

  /** Notes a failure. */
  failed({ message, options: { retryAfterMs } }: ServerUnavailableError): void {
    // Requests that run at the same time count as one failure.
    if (this.#isOpen) this.#failures++;
    this.#isOpen = false;
    this.#nextLookMs =
      this.#now() + Math.max(retryAfterMs ?? 0, Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS));
    this.#reason = message;
    this.options.onChange();
  }

  /** Notes that the server generated text. */
  succeeded(): void {
    if (this.#reason === undefined) return;
    this.#reset();
    this.options.onChange();
  }

  /** Uses the server again at once, because the user acted on the failure. */
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
