import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { developerCacheFolder } from '../../../.scripts/fetchModel.ts';
import { type CorpusPackage, folderName, readPackages } from '../../../.scripts/bundledModel/packages.ts';
import { languageIdOf } from '../../../sidecar/syntax/languageIds.ts';
import { shuffled } from '../shuffled.ts';

/** A line of a file that needs another file of its package. */
export interface Place {
  readonly id: string;
  /** Folder of the package. */
  readonly folder: string;
  /** Below it, with slashes. */
  readonly path: string;
  readonly languageId: string;
  /** Of the file, up to the line and its indentation. */
  readonly before: string;
  /** What stands in the line. */
  readonly line: string;
  /** What follows it, the beginning. */
  readonly after: string;
  /** Imported from the package itself, and used in the line for the first time. */
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
 * A fixed sample of places, drawn by the seed, a few of each held-out package. Throws where the corpus was not fetched.
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

/** Where the corpus has a package, if it was fetched. */
export const packageFolder = (of: CorpusPackage): string =>
  path.join(developerCacheFolder(), 'corpus', 'packages', of.registry, folderName(of));

/** Source files of a package that a person wrote, below `folder`. */
export async function sourceFiles(folder: string): Promise<readonly string[]> {
  const files = writtenFiles(
    (await readdir(folder, { recursive: true, encoding: 'utf8' })).map((file) => file.split(path.sep).join('/')),
  );
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(folder, file))).size));
  return files.filter((_file, index) => (sizes[index] ?? 0) <= MAX_FILE_BYTES).sort();
}

/**
 * Of a package's files those that a person wrote: what is built of them says the same lines again. Beside `src` that is
 * what `lib` has.
 */
export function writtenFiles(files: readonly string[]): readonly string[] {
  const sources = files.filter((file) => SOURCE.test(file) && !NOT_SOURCE.test(file));
  const hasSrc = sources.some((file) => file.startsWith('src/'));
  return sources.filter((file) => !(hasSrc && file.startsWith('lib/')));
}

/** Lines of a text that use a name for the first time which is imported from the same package. */
export function placesOf(text: string, of: { folder: string; file: string; name: string }): Place[] {
  const lines = text.split('\n');
  if (lines.length < MIN_FILE_LINES) return [];
  const imported = ownImports(text, of.file.endsWith('.py'));
  const places: Place[] = [];
  for (const name of imported) {
    const uses = new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`);
    // The first use behind the imports, which is the last line that an import has.
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

/** Whether a line belongs to an import, which may run over several. */
function isImport(lines: readonly string[], index: number): boolean {
  for (let at = index; at >= 0 && at > index - 30; at--) {
    const line = lines[at] ?? '';
    if (/^\s*(?:import|from|export)\b/.test(line) || /\brequire\(/.test(line))
      return at === index || !/[)}]\s*(?:from\b.*)?;?\s*$/.test(lines.slice(at, index).join('\n'));
    if (line.trim() === '') return false;
  }
  return false;
}
