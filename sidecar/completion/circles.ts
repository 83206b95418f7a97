/** Shorter lines (`}`, `else:`) repeat in good code. */
const TELLING_LINE_UNITS = 16;
/** Where the same is said this often with nothing but other numbers between, nobody means it. */
const MAX_NUMBERED_TIMES = 6;

/**
 * Where lines begin to go in circles: at the first line that was said before, where the last line is said for the third
 * time with the same lines between, or for the sixth with lines that differ in numbers. Lines that repeat among others
 * are good code (checks of errors, bodies that only throw). A short line counts if nothing stands between.
 */
export function circleAt(lines: readonly string[]): number | undefined {
  const last = lines.length - 1;
  const units = lines[last]?.trim().length ?? 0;
  if (units < 2) return undefined;
  // The same words at another depth are no repetition: nested code repeats.
  const said = lines.map((line) => line.trimEnd());
  const isTelling = units >= TELLING_LINE_UNITS;
  return repetitionAt(said, 3, isTelling ? last : 1) ?? (isTelling ? numberedCircleAt(said) : undefined);
}

/**
 * Where the first line stands that was said before, if the last one ends its lines for the given time, each time with
 * as many between.
 */
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
 * The same where numbers aside all is said again, and the last line with the same numbers: rows of a table have others.
 */
function numberedCircleAt(lines: readonly string[]): number | undefined {
  const line = lines.at(-1);
  if (lines.filter((other) => other === line).length < MAX_NUMBERED_TIMES) return undefined;
  return repetitionAt(
    lines.map((other) => other.replace(/\d+/g, '0')),
    MAX_NUMBERED_TIMES,
    lines.length,
  );
}
