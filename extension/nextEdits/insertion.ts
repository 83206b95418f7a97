/** Text that is added at an offset. */
export interface Insertion {
  readonly offset: number;
  readonly text: string;
}

/** Returns the insertion that has the effect of a change; `undefined` if the change removes something. */
export function insertionOf({
  start,
  oldText,
  newText,
}: {
  readonly start: number;
  readonly oldText: string;
  readonly newText: string;
}): Insertion | undefined {
  if (newText.length <= oldText.length) return undefined;
  let head = 0;
  while (head < oldText.length && oldText[head] === newText[head]) head++;
  if (!newText.endsWith(oldText.slice(head))) return undefined;
  return { offset: start + head, text: newText.slice(head, newText.length - (oldText.length - head)) };
}
