/** Names and tokens in texts of any language. */

const WORD_UNIT = /[\p{L}\p{N}_]/u;
const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const TOKEN = /[\p{L}\p{N}_]+|\s+|[^\s\p{L}\p{N}_]/gu;

/** Words of common languages that are never names of something in the text. */
const KEYWORDS = new Set(
  (
    'abstract and as async await bool boolean break case catch char class const continue def default defer delete do ' +
    'double elif else end enum except export extends false final finally float fn for from func function global go ' +
    'if implements import in int interface is lambda let long match mod module mut namespace new nil None not null ' +
    'number object of or package pass private protected public pub raise readonly return self short signed static ' +
    'str string struct super switch template this throw throws trait True False true try type typedef typename ' +
    'undefined union unsigned use using var virtual void volatile where while with yield any unknown never auto ' +
    'require include then fi done esac local echo elsif begin rescue ensure unless until'
  ).split(' '),
);

/** Whether a text is one name, and no keyword. */
export function isName(text: string): boolean {
  return text.length <= 128 && NAME.test(text) && !KEYWORDS.has(text);
}

/** Whether the unit at an offset belongs to a name. */
export function isWordAt(text: string, offset: number): boolean {
  const unit = text[offset];
  return unit !== undefined && WORD_UNIT.test(unit);
}

/** Grows a stretch of a text to whole words. */
export function wholeWords(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
): { readonly start: number; readonly end: number } {
  let from = start;
  let to = end;
  while (from > 0 && isWordAt(text, from - 1) && (isWordAt(text, from) || from === end)) from--;
  while (isWordAt(text, to) && to > from && isWordAt(text, to - 1)) to++;
  if (start === end && from === start) while (isWordAt(text, to)) to++;
  return { start: from, end: to };
}

/** Returns the offset of the first word in a stretch of a text, or the stretch's end. */
export function firstWordIn(text: string, { start, end }: { readonly start: number; readonly end: number }): number {
  let at = start;
  while (at < end && !isWordAt(text, at)) at++;
  return at;
}

/** Returns the offsets at which a text has a word, not as part of a longer one. At most `limit`. */
export function placesOfWord(text: string, word: string, limit = Infinity): number[] {
  const places: number[] = [];
  if (word === '') return places;
  for (let at = text.indexOf(word); at >= 0 && places.length < limit; at = text.indexOf(word, at + word.length))
    if (
      !(isWordAt(word, 0) && isWordAt(text, at - 1)) &&
      !(isWordAt(word, word.length - 1) && isWordAt(text, at + word.length))
    )
      places.push(at);
  return places;
}

/** Cuts a text into words, spaces and single other characters. */
export function tokensOf(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/** Returns the start and end of the line at an offset, without its line break. */
export function lineAt(text: string, offset: number): { readonly start: number; readonly end: number } {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const next = text.indexOf('\n', offset);
  const end = next < 0 ? text.length : next;
  return { start: offset === 0 ? 0 : start, end: end > start && text[end - 1] === '\r' ? end - 1 : end };
}

/** Returns the white space at the beginning of a line. */
export function indentationOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** Returns the line break that a text uses. */
export function lineBreakOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** Returns the words of a name in lower case: `getText`, `get_text` and `GET_TEXT` have two. */
export function wordsOfName(name: string): string[] {
  return (name.match(/\p{Lu}?[\p{Ll}\p{N}]+|\p{Lu}+/gu) ?? []).map((word) => word.toLowerCase());
}
