/** Keystrokes within this time are indexed as one. */
const PAUSE_MS = 100;
/** Whoever goes on editing is indexed after so long. */
const LONGEST_MS = 200;

export interface SettlingDocumentsOptions {
  /** Indexes a document as it is at that moment; resolves when that is done. */
  readonly take: (uri: string, isClosed: boolean) => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

/**
 * Documents that changed just now, until they are left alone for a moment, or have been edited for longer than anybody
 * should wait for what is in them.
 */
export class SettlingDocuments {
  /** With when each began to wait. */
  readonly #waiting = new Map<string, { readonly timer: NodeJS.Timeout; readonly sinceMs: number }>();
  /** Those of which an edit is taken now. */
  readonly #busy = new Set<string>();
  readonly #now: () => number;

  constructor(private readonly options: SettlingDocumentsOptions) {
    this.#now = options.now ?? (() => performance.now());
  }

  /** A document was opened or closed, which counts at once. */
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

  /** Nothing is taken any more. */
  clear(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }

  #wait(uri: string, delayMs: number, then: () => void): void {
    const before = this.#waiting.get(uri);
    clearTimeout(before?.timer);
    this.#waiting.set(uri, { timer: setTimeout(then, delayMs), sinceMs: before?.sinceMs ?? this.#now() });
  }

  /** One that is edited faster than it can be indexed must not be put again and again behind itself. */
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
