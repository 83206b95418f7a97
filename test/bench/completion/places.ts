import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { developerCacheFolder } from '../../../.scripts/fetchModel.ts';
import { type CorpusPackage, folderName, readPackages } from '../../../.scripts/bundledModel/packages.ts';
import { languageIdOf } from '../../../sidecar/syntax/languageIds.ts';
import { shuffled } from '../shuffled.ts';

/** A line of a file that needs another file of its package. */
export interface Place {
  readonly id: string;
  /** The folder of the package. */
  readonly folder: string;
  /** The path below it, with slashes. */
  readonly path: string;
  readonly languageId: string;
  /** The file's text up to the line and its indentation. */
  readonly before: string;
  /** The text of the line. */
  readonly line: string;
  /** The beginning of the text after it. */
  readonly after: string;
  /** The name that is imported from the package itself and used in the line for the first time. */
  readonly name: string;
}

const MAX_FILE_BYTES = 60_000;
const MIN_FILE_LINES = 20;
const MIN_LINE_UNITS = 12;
const MAX_LINE_UNITS = 120;
const MAX_AFTER_UNITS = 2_000;
const PLACES_OF_A_PACKAGE = 8;
const SOURCE = /\.(?:py|ts|js|mjs)$/;
const NOT_SOURCE =
  /\.d\.ts$|\.min\.|(?:^|\/)(?:tests?|__tests__|vendor|_vendor|dist|build|umd|esm?|cjs|bundles?|docs?|examples?)\//;

/**
 * Returns a fixed sample of places, drawn by the seed, a few of each held-out package. Throws if the corpus was not
 * fetched.
 */
export async function heldOutPlaces(count: number, seed: number): Promise<readonly Place[]> {
  const packages = (await readPackages()).filter(({ heldOut, registry }) => heldOut && registry !== 'debian');
  const found: Place[] = [];
  for (const each of packages) {
    const folder = packageFolder(each);
    if (!(await stat(folder).catch(() => undefined))) continue;
    const places: Place[] = [];
    for (const file of await sourceFiles(folder))
      places.push(...placesOf(await readFile(path.join(folder, file), 'utf8'), { folder, file, name: each.name }));
    found.push(...shuffled(places, seed).slice(0, PLACES_OF_A_PACKAGE));
  }
  if (found.length === 0)
    throw new Error('The corpus has no held-out package: run npx tsx .scripts/bundledModel/make.ts first');
  return shuffled(found, seed).slice(0, count);
}

/** Returns the folder of a fetched package in the corpus. */
export const packageFolder = (of: CorpusPackage): string =>
  path.join(developerCacheFolder(), 'corpus', 'packages', of.registry, folderName(of));

/** Returns the hand-written source files of a package, below `folder`. */
export async function sourceFiles(folder: string): Promise<readonly string[]> {
  const files = writtenFiles(
    (await readdir(folder, { recursive: true, encoding: 'utf8' })).map((file) => file.split(path.sep).join('/')),
  );
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(folder, file))).size));
  return files.filter((_file, index) => (sizes[index] ?? 0) <= MAX_FILE_BYTES).sort();
}

/**
 * Returns the hand-written files of a package, since files built from them repeat the same lines. If there is a `src`,
 * the files in `lib` are built.
 */
export function writtenFiles(files: readonly string[]): readonly string[] {
  const sources = files.filter((file) => SOURCE.test(file) && !NOT_SOURCE.test(file));
  const hasSrc = sources.some((file) => file.startsWith('src/'));
  return sources.filter((file) => !(hasSrc && file.startsWith('lib/')));
}

/** Returns the lines of a text that use a name from the same package for the first time. */
export function placesOf(text: string, of: { folder: string; file: string; name: string }): Place[] {
  const lines = text.split('\n');
  if (lines.length < MIN_FILE_LINES) return [];
  const imported = ownImports(text, of.file.endsWith('.py'));
  const places: Place[] = [];
  for (const name of imported) {
    const uses = new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`);
    // The first use after the imports, which is after the last line of an import.
    const at = lines.findIndex((line, index) => index > 0 && uses.test(line) && !isImport(lines, index));
    const line = lines[at];
    if (line === undefined) continue;
    const content = line.trim();
    const isCall = new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}[.(]`).test(content);
    if (
      !isCall ||
      content.length < MIN_LINE_UNITS ||
      content.length > MAX_LINE_UNITS ||
      /^(?:#|\/\/|\*|@|export \{)/.test(content)
    )
      continue;
    const start = lines.slice(0, at).join('\n').length + 1;
    const before = text.slice(0, start) + line.slice(0, line.length - line.trimStart().length);
    places.push({
      id: `${of.name}/${of.file}:${at + 1}`,
      folder: of.folder,
      path: of.file,
      languageId: languageIdOf(of.file),
      before,
      line: content,
      after: text.slice(start + line.length, start + line.length + MAX_AFTER_UNITS),
      name,
    });
  }
  return places;
}

function ownImports(text: string, isPython: boolean): Set<string> {
  const names = new Set<string>();
  const pattern = isPython
    ? /^from\s+\.[.\w]*\s+import\s+(?:\(([^)]*)\)|([^\n(]+))/gm
    : /(?:import|const)\s+(?:type\s+)?(?:(\w+)\s*,?\s*)?\{([^}]*)\}\s*(?:from|=\s*require\()\s*['"]\.[^'"]*['"]/g;
  for (const [, first = '', second = ''] of text.matchAll(pattern)) {
    for (const part of `${first},${second}`.split(',')) {
      const name =
        part
          .trim()
          .split(/\s+as\s+|:\s*/)
          .at(-1)
          ?.trim() ?? '';
      if (/^[A-Za-z_$][\w$]{2,}$/.test(name)) names.add(name);
    }
  }
  return names;
}

/** Whether a line belongs to an import, which may span several lines. */
function isImport(lines: readonly string[], index: number): boolean {
  for (let at = index; at >= 0 && at > index - 30; at--) {
    const line = lines[at] ?? '';
    if (/^\s*(?:import|from|export)\b/.test(line) || /\brequire\(/.test(line))
      return at === index || !/[)}]\s*(?:from\b.*)?;?\s*$/.test(lines.slice(at, index).join('\n'));
    if (line.trim() === '') return false;
  }
  return false;
}
