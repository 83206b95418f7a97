/** Scripts that put no space between words: VS Code's own command takes all up to the next space. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * The beginning of `text` up to the end of its next word, with what stands before that, as Unicode and its dictionaries
 * divide words (`Intl.Segmenter`); `undefined` where the next word is of a script with spaces, which VS Code's own
 * command knows how to take.
 */
export function nextUnspacedWord(text: string): string | undefined {
  let taken = '';
  for (const { segment, isWordLike } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)) {
    // How much of a new line's beginning is taken is VS Code's to say.
    if (/[\r\n]/.test(segment)) return undefined;
    taken += segment;
    if (isWordLike) return UNSPACED.test(segment) ? taken : undefined;
  }
  return undefined;
}
