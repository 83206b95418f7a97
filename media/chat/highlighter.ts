import hljs from 'highlight.js/lib/common';

/**
 * Longer code, in UTF-16 units, is shown without colours. The time of highlight.js grows with the square of some texts
 * and can't be interrupted.
 */
const MAX_UNITS = 10_000;
/** Code with longer lines is shown without colours. Nobody reads such lines, and they cause the quadratic time. */
const MAX_LINE_UNITS = 500;
/**
 * A language that once took longer for a block is not coloured again, since an answer may have hundreds of such blocks.
 */
const MAX_MS = 200;

/** Colours code as long as it is cheap. */
export class Highlighter {
  readonly #slowLanguages = new Set<string>();

  /** `now` is a clock in milliseconds. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Returns code as HTML with classes for its colours, or `undefined` if it should be shown without colours. */
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
