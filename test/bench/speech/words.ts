/** Returns the words of a text for a word error rate: without case and punctuation. */
export function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}' ]+/gu, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** Returns the number of words to replace, delete or insert to turn one text into the other (Levenshtein). */
export function wordErrors(said: readonly string[], heard: readonly string[]): number {
  let row = heard.map((_, index) => index + 1);
  said.forEach((word, index) => {
    let diagonal = index;
    let left = index + 1;
    row = row.map((above, column) => {
      const cost = Math.min(diagonal + (heard[column] === word ? 0 : 1), above + 1, left + 1);
      diagonal = above;
      left = cost;
      return cost;
    });
  });
  return row.at(-1) ?? said.length;
}
