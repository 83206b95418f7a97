/** A range of lines from 0 on, without `end`. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

/** Lines of a file that a commit replaced. */
export interface Hunk {
  readonly path: string;
  /** The index of the first new line, or of the line behind the place of a deletion. */
  readonly start: number;
  readonly removed: number;
  readonly added: number;
}

/** The share of all lines that counts as recent. */
const RECENT_SHARE = 0.1;
/** A commit that wrote a larger share of all lines formatted, moved or imported code. */
const MOST_OF_A_COMMIT = 0.2;

/**
 * Finds the lines of files that were committed last: about a tenth of all lines. Commits come from the newest to the
 * oldest, each with the changes to its first parent. Uncommitted changes may shift lines a little.
 */
export class RecentLines {
  /** For each line of the version before the last commit: its index in the file now, or -1 if it is gone. */
  readonly #present = new Map<string, number[]>();
  readonly #recent = new Map<string, Set<number>>();
  readonly #total: number;
  #count = 0;

  /** `lineCounts`: the number of lines of each file. */
  constructor(lineCounts: ReadonlyMap<string, number>) {
    for (const [path, count] of lineCounts) this.#present.set(path, [...Array(count).keys()]);
    this.#total = [...lineCounts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Whether older commits add nothing. */
  get isComplete(): boolean {
    return this.#count >= RECENT_SHARE * this.#total;
  }

  /** Adds the next older commit. The hunks of a file are in the order of its lines. */
  addCommit(hunks: readonly Hunk[]): void {
    const written: { readonly path: string; readonly lines: readonly number[] }[] = [];
    // The last hunk first, so that the places of those before it stay.
    for (const { path, start, removed, added } of hunks.toReversed()) {
      const present = this.#present.get(path);
      if (!present) continue;
      while (present.length < start + added) present.push(-1);
      const replaced = present.splice(start, added, ...Array<number>(removed).fill(-1));
      written.push({ path, lines: replaced.filter((line) => line >= 0) });
    }
    const count = written.reduce((sum, { lines }) => sum + lines.length, 0);
    if (count > MOST_OF_A_COMMIT * this.#total) return;
    this.#count += count;
    for (const { path, lines } of written) {
      const recent = this.#recent.get(path) ?? new Set();
      for (const line of lines) recent.add(line);
      this.#recent.set(path, recent);
    }
  }

  /** Returns the recent lines of each file that has some. */
  ranges(): ReadonlyMap<string, readonly LineRange[]> {
    const filled = [...this.#recent].filter(([, lines]) => lines.size > 0);
    return new Map(filled.map(([path, lines]) => [path, rangesOf(lines)]));
  }
}

function rangesOf(lines: ReadonlySet<number>): readonly LineRange[] {
  const ranges: { start: number; end: number }[] = [];
  for (const line of [...lines].sort((one, other) => one - other)) {
    const last = ranges.at(-1);
    if (last?.end === line) last.end++;
    else ranges.push({ start: line, end: line + 1 });
  }
  return ranges;
}
