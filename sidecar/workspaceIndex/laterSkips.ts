import { SkipCounts } from './skipCounts.ts';

/** What a tool writes in a row is told together. */
const TOLD_AFTER_MS = 60_000;

/** Tells of what is left out after the listing, as it changes: a line in a minute at most. */
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

  /** Everything is listed anew, which tells of it, or nothing is any more. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#counts = new SkipCounts();
  }
}
