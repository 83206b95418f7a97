const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uff60]/u;

/**
 * Breaks a text between words, also in languages without spaces, into lines of at most `columns` columns. A wide letter
 * takes two columns. A word that is longer than a line is not broken.
 */
export function brokenLines(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of unbreakableParts(text)) {
    if (line !== '' && columnsOf((line + word).trimEnd()) > columns) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
  }
  return [...lines, line.trimEnd()];
}

/** The parts of a text between which a line may end. Spaces and signs belong to the word before. */
function unbreakableParts(text: string): readonly string[] {
  const parts: string[] = [];
  for (const { segment, isWordLike } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)) {
    const last = parts.at(-1);
    const isOneWord = last !== undefined && (isOpening(last.trimEnd()) || (!/ $/.test(last) && !WIDE.test(last)));
    if (last === undefined || (isWordLike && !isOneWord)) parts.push(segment);
    else if (isOpening(segment) && / $/.test(last)) parts.push(segment);
    else parts[parts.length - 1] = last + segment;
  }
  return parts;
}

const isOpening = (text: string): boolean => /^[\p{Ps}\p{Pi}"'„]+$/u.test(text);

function columnsOf(text: string): number {
  return [...text].reduce((sum, letter) => sum + (WIDE.test(letter) ? 2 : 1), 0);
}
