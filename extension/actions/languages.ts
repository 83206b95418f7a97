/** The human languages that Chorus speaks, for pickers. */
export interface HumanLanguage {
  /** A BCP 47 tag. */
  readonly tag: string;
  readonly name: string;
  readonly nativeName: string;
}

const TAGS = [
  'ar',
  'cs',
  'de',
  'el',
  'en',
  'es',
  'fa',
  'fr',
  'he',
  'hi',
  'id',
  'it',
  'ja',
  'ko',
  'nl',
  'pl',
  'pt',
  'ro',
  'ru',
  'tr',
  'uk',
  'vi',
  'zh-Hans',
  'zh-Hant',
];

/**
 * Returns the languages by English name, with the language that `first` names on top. Any BCP 47 tag is allowed, such
 * as VS Code's `zh-tw` or `pt-br`.
 */
export function humanLanguages(first: string): readonly HumanLanguage[] {
  const top = tagFor(first);
  const english = new Intl.DisplayNames(['en'], { type: 'language' });
  const all = TAGS.map((tag) => ({
    tag,
    name: english.of(tag) ?? tag,
    nativeName: new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag,
  }));
  return all.sort((a, b) => Number(b.tag === top) - Number(a.tag === top) || a.name.localeCompare(b.name));
}

function tagFor(language: string): string {
  const { language: base, script } = new Intl.Locale(language).maximize();
  return base === 'zh' ? `zh-${script ?? 'Hans'}` : base;
}
