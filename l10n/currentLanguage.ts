import * as l10n from '@vscode/l10n';
import path from 'node:path';
import type { InterfaceLanguage } from './languages.ts';

let current: InterfaceLanguage = 'en';

/**
 * From now on texts, plurals and numbers of this process are in `language`. `folder` holds the bundles. Throws where
 * the language's bundle can not be read; the language before stays then.
 */
export function useLanguage(folder: string, language: InterfaceLanguage): void {
  // The texts in the code are English already: nothing is read.
  if (language === 'en') l10n.config({ contents: {} });
  else l10n.config({ fsPath: path.join(folder, `bundle.l10n.${language}.json`) });
  current = language;
}

/** The language that the interface has now. */
export function currentLanguage(): InterfaceLanguage {
  return current;
}

/**
 * The form of a text that its number calls for: `one: {0} line | other: {0} lines`, with the plural categories of
 * Unicode's CLDR that the language has, the number written as the language writes it.
 */
export function counted(forms: string, count: number): string {
  const category = new Intl.PluralRules(current).select(count);
  const byCategory = new Map(
    forms.split(' | ').map((form) => [form.slice(0, form.indexOf(':')), form.slice(form.indexOf(':') + 2)]),
  );
  return (byCategory.get(category) ?? byCategory.get('other') ?? forms).replace('{0}', formatNumber(count));
}

/** A number as the interface's language writes it. */
export function formatNumber(value: number, options?: Intl.NumberFormatOptions): string {
  return value.toLocaleString(current, options);
}
