import hljs from 'highlight.js/lib/common';

/**
 * The time of highlight.js grows with the square of some texts, and nothing ends it: longer code is shown without
 * colours, in UTF-16 units.
 */
const MAX_UNITS = 10_000;
/** Code with longer lines is shown without colours: they are what nobody reads, and where the square is. */
const MAX_LINE_UNITS = 500;
/** A language that once took longer for one block is not coloured again: an answer may have hundreds of such blocks. */
const MAX_MS = 200;

/** Colours of code, for as long as they cost little. */
export class Highlighter {
  readonly #slowLanguages = new Set<string>();

  /** `now`: a clock, in milliseconds. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Code as HTML with classes for its colours; `undefined`: it is to be shown without. */
  colour(code: string, language: string): string | undefined {
    const name = hljs.getLanguage(language)?.name;
    if (name === undefined || this.#slowLanguages.has(name) || code.length > MAX_UNITS || hasLongLine(code))
      return undefined;
    const startMs = this.now();
    const { value } = hljs.highlight(code, { language, ignoreIllegals: true });
    if (this.now() - startMs > MAX_MS) this.#slowLanguages.add(name);
    return value;
  }
}

function hasLongLine(code: string): boolean {
  for (let start = 0; start + MAX_LINE_UNITS < code.length;) {
    const end = code.lastIndexOf('\n', start + MAX_LINE_UNITS);
    if (end < start) return true;
    start = end + 1;
  }
  return false;
}
