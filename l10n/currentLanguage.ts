import * as l10n from '@vscode/l10n';
import path from 'node:path';
import type { InterfaceLanguage } from './languages.ts';

let current: InterfaceLanguage = 'en';

/**
 * Sets the language of this process for texts, plurals and numbers. `folder` holds the bundles. Throws if the
 * language's bundle can't be read, and then keeps the previous language.
 */
export function useLanguage(folder: string, language: InterfaceLanguage): void {
  // The texts in the code are already English, so no bundle is read.
  if (language === 'en') l10n.config({ contents: {} });
  else l10n.config({ fsPath: path.join(folder, `bundle.l10n.${language}.json`) });
  current = language;
}

/** Returns the interface's current language. */
export function currentLanguage(): InterfaceLanguage {
  return current;
}

/**
 * Returns the form of a text for a number, such as `one: {0} line | other: {0} lines`. The plural categories are those
 * of Unicode's CLDR for the language, which also formats the number.
 */
export function counted(forms: string, count: number): string {
  const category = new Intl.PluralRules(current).select(count);
  const byCategory = new Map(
    forms.split(' | ').map((form) => [form.slice(0, form.indexOf(':')), form.slice(form.indexOf(':') + 2)]),
  );
  return (byCategory.get(category) ?? byCategory.get('other') ?? forms).replace('{0}', formatNumber(count));
}

/** Returns a number in the interface language's format. */
export function formatNumber(value: number, options?: Intl.NumberFormatOptions): string {
  return value.toLocaleString(current, options);
}
