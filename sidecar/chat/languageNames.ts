import { answerInstructions } from './languageInstructions.ts';

/** Returns the language named by a text such as "de", "to French" or "auf Französisch", as a BCP 47 tag. */
export function languageNamed(text: string, displayLanguage = 'en'): string | undefined {
  const words: readonly string[] = text.toLowerCase().match(/[\p{L}\p{M}-]+/gu) ?? [];
  const tags = Object.keys(answerInstructions);
  const exact = tags.find((tag) => words.length === 1 && words[0] === tag.toLowerCase());
  if (exact) return exact;
  return tags.find((tag) => {
    const names = ['en', displayLanguage, tag].flatMap((language) => nameIn(language, tag));
    return names.some((name) => words.includes(name));
  });
}

function nameIn(language: string, tag: string): string[] {
  try {
    const name = new Intl.DisplayNames([language], { type: 'language' }).of(tag)?.toLowerCase();
    return name ? [name, name.split(/[ (（]/)[0] ?? name] : [];
  } catch {
    return [];
  }
}
