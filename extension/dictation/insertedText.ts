import { blankBetween } from '../../l10n/blankBetween.ts';

/**
 * Returns dictated text as inserted after `before`, the line's text up to the cursor. A blank separates it from a
 * preceding word if the script uses blanks. It has the document's line ends: VS Code writes no others, and the text is
 * replaced by offsets repeatedly.
 */
export function insertedText(
  text: string,
  { before, lineBreak }: { readonly before: string; readonly lineBreak: string },
): string {
  return `${blankBetween(before, text)}${text.replaceAll('\n', lineBreak)}`;
}
