import { SkipCounts } from './skipCounts.ts';

/** Files that a tool writes in a row are reported together. */
const TOLD_AFTER_MS = 60_000;

/** Logs files that are left out after the listing because they changed: at most a line a minute. */
export class LaterSkips {
  #counts = new SkipCounts();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly log: ((line: string) => void) | undefined) {}

  add(skipped: Parameters<SkipCounts['add']>[0]): void {
    this.#counts.add(skipped);
    if (this.#counts.line === undefined) return;
    this.#timer ??= setTimeout(() => {
      this.log?.(`${this.#counts.line} (as they changed, after the listing)`);
      this.clear();
    }, TOLD_AFTER_MS).unref();
  }

  /** Discards the counts, since a new listing reports them or the index is off. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#counts = new SkipCounts();
  }
}
