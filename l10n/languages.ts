/**
 * The languages of the interface with their own names, by the identifiers of VS Code's display languages. Two ways of
 * writing Chinese count as one of the twenty-three.
 */
export const INTERFACE_LANGUAGES = {
  ar: 'العربية',
  cs: 'čeština',
  de: 'Deutsch',
  el: 'Ελληνικά',
  en: 'English',
  es: 'español',
  fa: 'فارسی',
  fr: 'français',
  he: 'עברית',
  hi: 'हिन्दी',
  id: 'Bahasa Indonesia',
  it: 'italiano',
  ja: '日本語',
  ko: '한국어',
  nl: 'Nederlands',
  pl: 'polski',
  'pt-br': 'português (Brasil)',
  ro: 'română',
  ru: 'русский',
  tr: 'Türkçe',
  uk: 'українська',
  vi: 'Tiếng Việt',
  'zh-cn': '简体中文',
  'zh-tw': '繁體中文',
} as const;

export type InterfaceLanguage = keyof typeof INTERFACE_LANGUAGES;

/**
 * Returns the interface's language for a BCP 47 tag or a system's locale (`de_AT.UTF-8`, `zh-Hant-HK`). Returns English
 * if no language matches.
 */
export function interfaceLanguageFor(tag: string): InterfaceLanguage {
  const base = /^[A-Za-z]{2,3}/.exec(tag)?.[0].toLowerCase() ?? 'en';
  if (base === 'zh') return /[-_](tw|hk|mo|hant)/i.test(tag) ? 'zh-tw' : 'zh-cn';
  if (base === 'pt') return 'pt-br';
  if (base === 'iw') return 'he';
  if (base === 'in') return 'id';
  return isInterfaceLanguage(base) ? base : 'en';
}

function isInterfaceLanguage(tag: string): tag is InterfaceLanguage {
  return Object.hasOwn(INTERFACE_LANGUAGES, tag);
}

/** Returns whether a language is written from right to left. */
export function isRightToLeft(language: InterfaceLanguage): boolean {
  return language === 'ar' || language === 'fa' || language === 'he';
}
