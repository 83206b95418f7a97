// Each run of a character is tried only once, from its beginning. A model that loops writes thousands of them.
const FENCED = /(?<!`)(`{3,})(?!`)[^`\n]*\n[\s\S]*?(?:\n\1|$)|(?<!~)(~{3,})(?!~)[^\n]*\n[\s\S]*?(?:\n\2|$)/g;

/** Returns a text without its fenced blocks. */
export function withoutBlocks(text: string): string {
  return text.replace(FENCED, ' ');
}

/**
 * Returns the words of a question in a human language. Fenced and inline code, identifiers, paths, addresses and the
 * slash command are removed. Words in Latin letters are removed too if most of the text is in another script, unless
 * `keepLatin`. The result may be empty.
 */
export function proseOf(question: string, { keepLatin = false }: { readonly keepLatin?: boolean } = {}): string {
  const words = withoutBlocks(question)
    .replace(/`[^`\n]*`/g, ' ')
    .replace(/^\s*\/[a-z]+\b/, ' ')
    .replace(/\bhttps?:\/\/\S+/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '' && !looksLikeCode(word));
  const text = words.join(' ');
  return !keepLatin && foreignToLatin(text)
    ? text
        .replace(/[\p{Script=Latin}]+/gu, ' ')
        .replace(/\s+/g, ' ')
        .trim()
    : text;
}

/** Whether a word is code: camelCase, snake_case, a.b, a(), a/b, <T>, --flag, x1, a file name, an operator. */
function looksLikeCode(word: string): boolean {
  // These scripts have no spaces, so code and words may form one piece, which the script tells apart.
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(word)) return false;
  const bare = word.replace(/^[("'«„“¿¡[]+|(?<![)"'»“”.,;:!?…\]؟。？！、])[)"'»“”.,;:!?…\]؟。？！、]+$/gu, '');
  if (bare === '') return true;
  if (/[_{}()[\]<>=$@#\\/|&*+~^]|::|\d/.test(bare)) return true;
  if (/^-/.test(bare)) return true;
  if (/[a-z]\.[a-z]/i.test(bare) || /^\.[a-z]/i.test(bare)) return true;
  return /[a-z][A-Z]/.test(bare) || /^[A-Z]{2,}$/.test(bare);
}

/**
 * Whether a text is mainly in a script other than Latin. Such texts often contain technical terms in Latin letters,
 * which do not tell the language. A Chinese, Japanese or Korean character counts as a syllable, not as a letter.
 */
function foreignToLatin(text: string): boolean {
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  const syllables =
    text.match(/[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/gu)?.length ?? 0;
  const foreign = (text.match(/\p{L}/gu)?.length ?? 0) - latin + 2 * syllables;
  return foreign > 0 && foreign / (foreign + latin) >= 0.3;
}
