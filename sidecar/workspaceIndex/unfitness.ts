const MAX_TEXT_UNITS = 1024 * 1024;
/** A minified file says nothing that a reader could use. */
const MAX_LINE_UNITS = 5_000;

/** Why a text is none for the index, in the order in which that is looked for. `undefined`: it is one. */
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
