/** Shorter lines (`}`, `else:`) repeat in good code. */
const TELLING_LINE_UNITS = 16;

/**
 * Where lines begin to go in circles: at the first line that was said before, where the last line is said for the third time with the same lines between. Lines that
 * repeat among others are good code (checks of errors, bodies that only throw). A short line counts if nothing stands between.
 */
export function circleAt(lines: readonly string[]): number | undefined {
  const last = lines.length - 1;
  const units = lines[last]?.trim().length ?? 0;
  if (units < 2) return undefined;
  // The same words at another depth are no repetition: nested code repeats.
  const isSaidAgain = (index: number, period: number): boolean => index >= period && lines[index]?.trimEnd() === lines[index - period]?.trimEnd();
  const longest = units < TELLING_LINE_UNITS ? 1 : Math.floor(last / 2);
  for (let period = 1; period <= longest; period++) {
    let first = last;
    while (isSaidAgain(first, period)) first--;
    if (last - first > period) return first + 1;
  }
  return undefined;
}
