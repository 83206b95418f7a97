/** Shorter lines (`}`, `else:`) repeat in good code. */
const TELLING_LINE_UNITS = 16;
/** Lines that repeat this often and differ only in numbers are a loop. */
const MAX_NUMBERED_TIMES = 6;

/**
 * Returns the index of the first repeated line where lines begin to loop. A loop is the last line three times with the
 * same lines in between, or six times with lines that differ in numbers. Lines that repeat among different lines are
 * good code (error checks, bodies that only throw). A short line counts only if it repeats directly.
 */
export function loopStart(lines: readonly string[]): number | undefined {
  const last = lines.length - 1;
  const units = lines[last]?.trim().length ?? 0;
  if (units < 2) return undefined;
  // The same words at another depth are no repetition: nested code repeats.
  const said = lines.map((line) => line.trimEnd());
  const isTelling = units >= TELLING_LINE_UNITS;
  return repetitionAt(said, 3, isTelling ? last : 1) ?? (isTelling ? numberedLoopStart(said) : undefined);
}

/** Returns the index of the first repeated line if the last lines form a period that occurs `times` times. */
function repetitionAt(lines: readonly string[], times: number, longestPeriod: number): number | undefined {
  const last = lines.length - 1;
  for (let period = 1; period <= Math.min(longestPeriod, Math.floor(last / (times - 1))); period++) {
    let first = last;
    while (first >= period && lines[first] === lines[first - period]) first--;
    if (last - first > (times - 2) * period) return first + 1;
  }
  return undefined;
}

/**
 * Finds repetitions that differ only in numbers. The last line must repeat with the same numbers, since the rows of a
 * table have different ones.
 */
function numberedLoopStart(lines: readonly string[]): number | undefined {
  const line = lines.at(-1);
  if (lines.filter((other) => other === line).length < MAX_NUMBERED_TIMES) return undefined;
  return repetitionAt(
    lines.map((other) => other.replace(/\d+/g, '0')),
    MAX_NUMBERED_TIMES,
    lines.length,
  );
}
