const MAX_TEXT_UNITS = 1024 * 1024;
/** A file with longer lines is minified, and useless to a reader. */
const MAX_LINE_UNITS = 5_000;

/** Returns why the index refuses a text; the first reason counts. `undefined` if it accepts the text. */
export function unfitness(text: string): 'tooLarge' | 'endlessLines' | undefined {
  if (text.length > MAX_TEXT_UNITS) return 'tooLarge';
  return hasEndlessLine(text) ? 'endlessLines' : undefined;
}

export function hasEndlessLine(text: string): boolean {
  let start = 0;
  for (;;) {
    const end = text.indexOf('\n', start);
    if ((end < 0 ? text.length : end) - start > MAX_LINE_UNITS) return true;
    if (end < 0) return false;
    start = end + 1;
  }
}
