/** A range of a document in UTF-16 offsets that follows the edits around it. */
export interface TrackedRange {
  readonly start: number;
  readonly end: number;
}

/** One change of a document, as VS Code reports it: `rangeLength` units at `rangeOffset` were replaced by `text`. */
export interface OffsetChange {
  readonly rangeOffset: number;
  readonly rangeLength: number;
  readonly text: string;
}

/**
 * Moves `range` with changes that lie wholly before or after it. Returns `undefined` if a change touches the inside,
 * since a planned edit no longer fits. All `changes` refer to the text before any of them.
 */
export function followChanges(range: TrackedRange, changes: readonly OffsetChange[]): TrackedRange | undefined {
  let shift = 0;
  for (const change of changes) {
    const changeEnd = change.rangeOffset + change.rangeLength;
    if (changeEnd <= range.start && !isInsertionAt(change, range.start, range))
      shift += change.text.length - change.rangeLength;
    else if (change.rangeOffset < range.end || isInsertionAt(change, range.start, range)) return undefined;
  }
  return { start: range.start + shift, end: range.end + shift };
}

/** Text typed exactly at an empty range could belong before or after it, so there is no right answer. */
function isInsertionAt(change: OffsetChange, offset: number, range: TrackedRange): boolean {
  return range.start === range.end && change.rangeOffset === offset && change.rangeLength === 0;
}
