/** Scripts without spaces between words. In them VS Code's own command accepts all text up to the next space. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * Returns the beginning of `text` up to the end of its next word. Unicode and its dictionaries divide the words
 * (`Intl.Segmenter`). Returns `undefined` if the next word's script uses spaces, since VS Code's own command handles
 * such words.
 */
export function nextUnspacedWord(text: string): string | undefined {
  let taken = '';
  for (const { segment, isWordLike } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)) {
    // VS Code decides how much of a new line's beginning is accepted.
    if (/[\r\n]/.test(segment)) return undefined;
    taken += segment;
    if (isWordLike) return UNSPACED.test(segment) ? taken : undefined;
  }
  return undefined;
}
