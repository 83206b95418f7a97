import type { TextEdit } from '../../../sidecar/nextEdits/suggester.ts';

/** Returns the changes between two texts, line by line. */
export function hunksBetween(before: string, after: string): TextEdit[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const hunks: TextEdit[] = [];
  let [at, to, offset] = [0, 0, 0];
  const step = (lines: number): void => {
    for (let line = 0; line < lines; line++) offset += (old[at + line]?.length ?? 0) + 1;
    at += lines;
  };
  while (at < old.length || to < now.length) {
    if (old[at] === now[to] && at < old.length) {
      step(1);
      to++;
      continue;
    }
    const [removed, added] = nextCommon(old, now, at, to);
    const start = offset;
    const inserted = now
      .slice(to, to + added)
      .map((line) => `${line}\n`)
      .join('');
    step(removed);
    to += added;
    hunks.push([start, Math.min(offset, before.length), inserted]);
  }
  return hunks;
}

/** Returns how many lines each side goes on to the next two common lines. */
function nextCommon(old: readonly string[], now: readonly string[], at: number, to: number): readonly [number, number] {
  for (let sum = 1; sum < old.length - at + (now.length - to); sum++)
    for (let removed = 0; removed <= sum; removed++) {
      const added = sum - removed;
      const isCommon = old[at + removed] === now[to + added] && old[at + removed + 1] === now[to + added + 1];
      if (isCommon && at + removed < old.length && to + added < now.length) return [removed, added];
    }
  return [old.length - at, now.length - to];
}
