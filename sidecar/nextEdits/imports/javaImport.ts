import type { TextEdit } from '../suggester.ts';
import { type Importing, lineAfter } from './importLists.ts';
import type { ImportSource } from './importSource.ts';
import { javaPackageOf } from './modulePaths.ts';

/** Returns the edits that import classes. */
export function javaImport({ document: { text } }: Importing, sources: readonly ImportSource[]): TextEdit[] {
  const own = javaPackageOf(text);
  return sources.flatMap(({ name, specifier = '' }) => {
    const isKnown =
      specifier === '' ||
      specifier === own ||
      new RegExp(`^import\\s+${specifier.replaceAll('.', '\\.')}\\.\\*;`, 'm').test(text);
    if (isKnown) return [];
    const last =
      [...text.matchAll(/^import\s[^;\n]+;[ \t]*\r?$/gm)].at(-1) ??
      [...text.matchAll(/^package\s[^;\n]+;[ \t]*\r?$/gm)].at(-1);
    return [lineAfter(text, last && last.index + last[0].trimEnd().length, `import ${specifier}.${name};`)];
  });
}
