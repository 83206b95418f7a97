// Each run of a sign is tried once, from its beginning: models that lose themselves write thousands of one.
const FENCED = /(?<!`)(`{3,})(?!`)[^`\n]*\n[\s\S]*?(?:\n\1|$)|(?<!~)(~{3,})(?!~)[^\n]*\n[\s\S]*?(?:\n\2|$)/g;

/** A text without its fenced blocks. */
export function withoutBlocks(text: string): string {
  return text.replace(FENCED, ' ');
}

/**
 * The words of a question that are a human language: fenced and inline code, identifiers, paths, addresses and the
 * slash command are taken out, and words in Latin letters where most is in another script, unless `keepLatin`. What is
 * left may be empty.
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

/** camelCase, snake_case, a.b, a(), a/b, <T>, --flag, x1, a file name, an operator. */
function looksLikeCode(word: string): boolean {
  // These are written without spaces: code and words stand in one piece, and the script tells them apart.
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(word)) return false;
  const bare = word.replace(/^[("'«„“¿¡[]+|(?<![)"'»“”.,;:!?…\]؟。？！、])[)"'»“”.,;:!?…\]؟。？！、]+$/gu, '');
  if (bare === '') return true;
  if (/[_{}()[\]<>=$@#\\/|&*+~^]|::|\d/.test(bare)) return true;
  if (/^-/.test(bare)) return true;
  if (/[a-z]\.[a-z]/i.test(bare) || /^\.[a-z]/i.test(bare)) return true;
  return /[a-z][A-Z]/.test(bare) || /^[A-Z]{2,}$/.test(bare);
}

/**
 * Technical terms in Latin letters are common in other scripts and say nothing about the language. One character of
 * Chinese, Japanese or Korean counts as a syllable, not as a letter.
 */
function foreignToLatin(text: string): boolean {
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  const syllables =
    text.match(/[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/gu)?.length ?? 0;
  const foreign = (text.match(/\p{L}/gu)?.length ?? 0) - latin + 2 * syllables;
  return foreign > 0 && foreign / (foreign + latin) >= 0.3;
}
