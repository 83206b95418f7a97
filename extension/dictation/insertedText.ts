import { blankBetween } from '../../l10n/blankBetween.ts';

/**
 * Dictated text as it stands in a document behind `before`, the line's text up to the cursor: apart from a word before
 * it where its script parts words, and with the document's own line ends, since VS Code writes no others and the text
 * is replaced by offsets again and again.
 */
export function insertedText(
  text: string,
  { before, lineBreak }: { readonly before: string; readonly lineBreak: string },
): string {
  return `${blankBetween(before, text)}${text.replaceAll('\n', lineBreak)}`;
}
