import type { OffsetChange } from '../edits/trackedRange.ts';
import type { Insertion } from './insertion.ts';

/** A suggested change of an open document: `newText` replaces `oldText` between two UTF-16 offsets. */
export interface PendingEdit {
  readonly uri: string;
  readonly start: number;
  readonly end: number;
  readonly oldText: string;
  readonly newText: string;
}

/** The most dismissed changes that are remembered. */
const MAX_DISMISSED = 256;

/** The suggested changes that wait, the shown one first. A change of a document drops those that it touches. */
export class NextEditQueue {
  #edits: readonly PendingEdit[] = [];
  readonly #dismissed = new Set<string>();

  /** The change that is shown. */
  get current(): PendingEdit | undefined {
    return this.#edits[0];
  }

  get edits(): readonly PendingEdit[] {
    return this.#edits;
  }

  /**
   * Replaces the changes. First come those behind the cursor, then those before it, then those of other documents.
   * Dismissed changes are left out.
   */
  fill(edits: readonly PendingEdit[], cursor: { readonly uri: string; readonly offset: number }): void {
    const rank = ({ uri, start }: PendingEdit): number => {
      if (uri !== cursor.uri) return 2;
      return start >= cursor.offset ? 0 : 1;
    };
    this.#edits = edits
      .filter((edit) => !this.isDismissed(edit))
      .toSorted((a, b) => rank(a) - rank(b) || (a.uri === b.uri ? a.start - b.start : 0));
  }

  /** Follows changes of a document. All `changes` refer to the text before any of them. */
  follow(uri: string, changes: readonly OffsetChange[]): void {
    this.#edits = this.#edits.flatMap((edit) => (edit.uri === uri ? moved(edit, changes) : edit));
  }

  /**
   * Follows a change of the shown edit's document if it types the text of `insertion`, which makes that edit. What is
   * still missing stays, and is returned, or `'done'`. Returns `undefined` for any other change, and follows none.
   */
  typeOver(insertion: Insertion, changes: readonly OffsetChange[]): PendingEdit | 'done' | undefined {
    const [shown, ...others] = this.#edits;
    const [change] = changes;
    if (shown === undefined || change === undefined || changes.length !== 1) return undefined;
    // An accepted completion may begin with text that stands there already.
    const typed = change.text.slice(change.rangeLength);
    const isThere = change.rangeOffset + change.rangeLength === insertion.offset;
    if (!isThere || typed === '' || !insertion.text.startsWith(typed)) return undefined;
    this.#edits = others;
    this.follow(shown.uri, changes);
    if (typed === insertion.text) return 'done';
    const start = insertion.offset + typed.length;
    const rest = { uri: shown.uri, start, end: start, oldText: '', newText: insertion.text.slice(typed.length) };
    this.#edits = [rest, ...this.#edits];
    return rest;
  }

  /** Removes and returns the shown change. */
  take(): PendingEdit | undefined {
    const [first, ...rest] = this.#edits;
    this.#edits = rest;
    return first;
  }

  /** Whether the user does not want a change. */
  isDismissed(edit: Pick<PendingEdit, 'uri' | 'oldText' | 'newText'>): boolean {
    return this.#dismissed.has(keyOf(edit));
  }

  /** Remembers that the user does not want these changes, so that `fill` leaves them out. */
  dismiss(edits: readonly Pick<PendingEdit, 'uri' | 'oldText' | 'newText'>[]): void {
    for (const edit of edits) this.#dismissed.add(keyOf(edit));
    for (const key of this.#dismissed) {
      if (this.#dismissed.size <= MAX_DISMISSED) break;
      this.#dismissed.delete(key);
    }
  }

  clear(): void {
    this.#edits = [];
  }
}

/** Dismissed changes are recognised by their texts, since their places move. */
function keyOf({ uri, oldText, newText }: Pick<PendingEdit, 'uri' | 'oldText' | 'newText'>): string {
  return JSON.stringify([uri, oldText, newText]);
}

function moved(edit: PendingEdit, changes: readonly OffsetChange[]): readonly PendingEdit[] {
  let shift = 0;
  for (const { rangeOffset, rangeLength, text } of changes) {
    if (rangeOffset > edit.end) continue;
    if (rangeOffset + rangeLength >= edit.start) return [];
    shift += text.length - rangeLength;
  }
  return [{ ...edit, start: edit.start + shift, end: edit.end + shift }];
}
