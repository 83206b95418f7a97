/** Edits with shorter pauses are indexed together. */
const PAUSE_MS = 100;
/** The longest wait while editing continues. */
const LONGEST_MS = 200;

export interface SettlingDocumentsOptions {
  /** Indexes the present text of a document. Resolves when that is done. */
  readonly take: (uri: string, isClosed: boolean) => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** Milliseconds on a monotonic clock. */
  readonly now?: () => number;
}

/**
 * Documents that changed a moment ago. Each is indexed after a pause, or after the longest wait if editing continues.
 */
export class SettlingDocuments {
  /** The timers, and when each wait began. */
  readonly #waiting = new Map<string, { readonly timer: NodeJS.Timeout; readonly sinceMs: number }>();
  /** Documents of which an edit is being indexed. */
  readonly #busy = new Set<string>();
  readonly #now: () => number;

  constructor(private readonly options: SettlingDocumentsOptions) {
    this.#now = options.now ?? (() => performance.now());
  }

  /** Indexes a document at once, because it was opened or closed. */
  set(uri: string, isClosed: boolean): void {
    this.#wait(uri, 0, () => {
      this.#waiting.delete(uri);
      this.options.take(uri, isClosed).catch(this.options.onError);
    });
  }

  edited(uri: string): void {
    const nowMs = this.#now();
    const latestMs = (this.#waiting.get(uri)?.sinceMs ?? nowMs) + LONGEST_MS;
    this.#wait(uri, Math.max(0, Math.min(PAUSE_MS, latestMs - nowMs)), () => this.#takeEdited(uri));
  }

  /** Cancels everything that waits. */
  clear(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }

  #wait(uri: string, delayMs: number, then: () => void): void {
    const before = this.#waiting.get(uri);
    clearTimeout(before?.timer);
    this.#waiting.set(uri, { timer: setTimeout(then, delayMs), sinceMs: before?.sinceMs ?? this.#now() });
  }

  /** A document that is edited faster than it can be indexed must not queue up behind itself. */
  #takeEdited(uri: string): void {
    if (this.#busy.has(uri)) return this.#wait(uri, PAUSE_MS, () => this.#takeEdited(uri));
    this.#waiting.delete(uri);
    this.#busy.add(uri);
    this.options
      .take(uri, false)
      .finally(() => this.#busy.delete(uri))
      .catch(this.options.onError);
  }
}
