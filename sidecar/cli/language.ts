import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { useLanguage } from '../../l10n/currentLanguage.ts';
import { interfaceLanguageFor } from '../../l10n/languages.ts';

/** The folder of the bundles: beside `dist` in a package and after a build, and in a checkout. */
const FOLDERS = ['../l10n/', '../../l10n/'].map((place) => fileURLToPath(new URL(place, import.meta.url)));

/**
 * Sets the command line's language by the environment, in POSIX's order of variables. Uses English if there is no
 * bundle for the language.
 */
export function useEnvironmentLanguage(environment: NodeJS.ProcessEnv = process.env): void {
  const locale = [environment['LC_ALL'], environment['LC_MESSAGES'], environment['LANG']].find(Boolean);
  // Windows has no such variables.
  const tag = locale ?? (process.platform === 'win32' ? new Intl.DateTimeFormat().resolvedOptions().locale : 'en');
  const language = interfaceLanguageFor(tag);
  const folder = FOLDERS.find((each) => existsSync(`${each}bundle.l10n.json`));
  if (folder !== undefined) useLanguage(folder, language);
}
