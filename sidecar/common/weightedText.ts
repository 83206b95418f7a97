/** A text of a training. */
export interface WeightedText {
  readonly text: string;
  /** They do not overlap. Absent: every part comes once. */
  readonly parts?: readonly WeightedPart[];
}

/** A part of a text, from `start` to before `end` in UTF-16 units. Text outside of all parts comes once in each epoch. */
export interface WeightedPart {
  readonly start: number;
  readonly end: number;
  /** How often the part comes in each epoch, on average. */
  readonly weight: number;
}

/** Returns the mean weight of a range of a text with these parts. */
export function meanWeight(parts: readonly WeightedPart[], start: number, end: number): number {
  if (end <= start) return 1;
  const extra = parts.reduce((sum, part) => {
    const units = Math.max(0, Math.min(end, part.end) - Math.max(start, part.start));
    return sum + units * (part.weight - 1);
  }, 0);
  return 1 + extra / (end - start);
}
