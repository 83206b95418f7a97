import type { TextChange } from './acceptanceTracker.ts';

interface Accepted {
  start: number;
  end: number;
  readonly length: number;
  /** The number of accepted characters, less all characters that later changes removed from the range. */
  untouched: number;
}

/** Follows accepted text in one document through later changes. Holds positions and counts, but no text. */
export class SurvivalTracker {
  readonly #accepted = new Map<string, Accepted>();

  /** Starts to follow `length` characters at `offset`. */
  follow(completionId: string, offset: number, length: number): void {
    if (length > 0)
      this.#accepted.set(completionId, { start: offset, end: offset + length, length, untouched: length });
  }

  change(changes: readonly TextChange[]): void {
    for (const change of changes) {
      for (const accepted of this.#accepted.values()) apply(accepted, change);
    }
  }

  /**
   * Returns the share of the text that survives, from 0 (all of it was changed) to 1 (none was), and stops following
   * it. Returns `undefined` if it is not followed.
   */
  settle(completionId: string): number | undefined {
    const accepted = this.#accepted.get(completionId);
    this.#accepted.delete(completionId);
    return accepted && accepted.untouched / accepted.length;
  }
}

function apply(accepted: Accepted, change: TextChange): void {
  const changeEnd = change.offset + change.removedLength;
  const grown = change.text.length - change.removedLength;
  if (changeEnd <= accepted.start) {
    accepted.start += grown;
    accepted.end += grown;
    return;
  }
  if (change.offset >= accepted.end) return;
  const removed = Math.min(changeEnd, accepted.end) - Math.max(change.offset, accepted.start);
  accepted.untouched = Math.max(0, accepted.untouched - Math.max(0, removed));
  accepted.start = Math.min(accepted.start, change.offset);
  accepted.end = Math.max(accepted.end, changeEnd) + grown;
}
