/** A character of a script without blanks between words. */
const UNSPACED = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\u30fc]`;
/** Punctuation of East Asian writing. It is as wide as a character and contains its own blank. */
const WIDE_SIGN = String.raw`[\u3000-\u303F\uFF01-\uFF65]`;

const NO_BLANK_BEHIND = new RegExp(String.raw`(?:\s|${WIDE_SIGN})$`, 'u');
const NO_BLANK_BEFORE = new RegExp(String.raw`^(?:\s|${WIDE_SIGN})`, 'u');
const UNSPACED_END = new RegExp(`${UNSPACED}$`, 'u');
const UNSPACED_BEGINNING = new RegExp(`^${UNSPACED}`, 'u');

/**
 * Returns the separator between two pieces of text: a blank or nothing. It is empty if a piece is empty or has a blank
 * there, or if both scripts are written without blanks.
 */
export function blankBetween(before: string, after: string): '' | ' ' {
  if (before === '' || after === '' || NO_BLANK_BEHIND.test(before) || NO_BLANK_BEFORE.test(after)) return '';
  return UNSPACED_END.test(before) && UNSPACED_BEGINNING.test(after) ? '' : ' ';
}
