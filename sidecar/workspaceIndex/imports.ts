import { definitionShapes } from '../syntax/definitionShapes.ts';
import type { Grammars } from '../syntax/grammars.ts';
import { languageIdOf } from '../syntax/languageIds.ts';
import type { Node } from '../syntax/treeSitter.ts';
import { IMPORT_QUERIES } from './importQueries.ts';

/** The path that an import names, as segments: `./cart` in `src/main.ts` gives `['src', 'cart']`. */
export interface ImportedPath {
  /** The last segment has no ending. */
  readonly segments: readonly string[];
  /** The ending of the file's name as it is written: `.h`. Absent if the import has none. */
  readonly ending?: string;
  /** Whether the segments begin at the workspace's root. Otherwise they may begin at any folder. */
  readonly isExact: boolean;
}

interface ImportingFile {
  readonly text: string;
  readonly path: string;
  readonly languageId?: string;
}

/** Larger texts are data or generated: their parse would hold up a completion. */
const MAX_TEXT_UNITS = 256 * 1024;

/** Patterns for languages without a grammar. */
const ECMASCRIPT = /(?:\bfrom\s*|\bimport\s*(?:\(\s*)?|\brequire\s*\(\s*)['"]([^'"\n]+)['"]/g;
const C = /^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"/gm;
const DOTTED = /^[ \t]*import[ \t]+(?:static[ \t]+)?([\w.]+)/gm;

/**
 * Returns the paths that a file imports, in the order of its text. Packages outside the workspace are among them.
 * `undefined` if the parse takes too long, or if the parser ended before. Rejects as `Grammars.captures`.
 */
export async function importedPaths(
  file: ImportingFile,
  grammars: Grammars,
): Promise<readonly ImportedPath[] | undefined> {
  const { text, path, languageId = languageIdOf(path) } = file;
  const grammar = definitionShapes(languageId)?.grammar;
  const query = grammar === undefined ? undefined : IMPORT_QUERIES[grammar];
  if (grammar === undefined || query === undefined) return pathsWithoutGrammar(text, path, languageId);
  if (text.length > MAX_TEXT_UNITS) return [];
  return grammars.captures(text, { grammar, query }, ({ name, node }) => pathsOf(name, node, path));
}

/** Returns the paths of a node. `capture` is the node's name in `IMPORT_QUERIES`. */
function pathsOf(capture: string, node: Node, path: string): ImportedPath[] {
  const { text } = node;
  const folder = folderOf(path);
  switch (capture) {
    case 'specifier':
      return [ecmaScriptPath(text, folder)];
    case 'python':
      return pythonPaths(node, folder);
    case 'include':
      return [relative(text, folder), named(text)];
    case 'package':
      return [anywhere(text.split('/').slice(-2))];
    case 'rust':
      return rustPaths(/^[\w:]*/.exec(text)?.[0] ?? '', rustModule(path, node));
    case 'dotted':
      return [anywhere(text.split('.').slice(-3))];
    case 'anywhere':
      return [named(text)];
    case 'relative':
      return [relative(text, folder)];
    case 'php':
      return [anywhere([...phpGroup(node), ...text.split('\\')].slice(-2))];
    case 'phpFile':
      return node
        .descendantsOfType('string_content')
        .flatMap((file) => (file === null ? [] : [relative(file.text.replace(/^\//, ''), folder)]));
    default:
      return [];
  }
}

/** Returns the imported paths of a text in a language without a grammar. Comments and strings count too. */
export function pathsWithoutGrammar(text: string, path: string, languageId = languageIdOf(path)): ImportedPath[] {
  const folder = folderOf(path);
  switch (languageId) {
    case 'vue':
    case 'svelte':
      return [...text.matchAll(ECMASCRIPT)].map(([, specifier = '']) => ecmaScriptPath(specifier, folder));
    case 'objective-c':
      return [...text.matchAll(C)].flatMap(([, name = '']) => [relative(name, folder), named(name)]);
    case 'kotlin':
    case 'scala':
    case 'groovy':
      return [...text.matchAll(DOTTED)].map(([, name = '']) => anywhere(name.split('.').slice(-3)));
    default:
      return [];
  }
}

function folderOf(path: string): readonly string[] {
  return path.split('/').slice(0, -1);
}

function ecmaScriptPath(specifier: string, folder: readonly string[]): ImportedPath {
  if (specifier.startsWith('.')) return relative(specifier, folder);
  // "@/cart" and "~/cart" are aliases of a source folder.
  return named(specifier.replace(/^[@~#]\//, ''));
}

function pythonPaths(statement: Node, folder: readonly string[]): ImportedPath[] {
  const names = statement
    .childrenForFieldName('name')
    // `a as b` is a node with a name of its own.
    .map((name) => (name?.childForFieldName('name') ?? name)?.text ?? '');
  const module = statement.childForFieldName('module_name')?.text;
  if (module === undefined) return names.map((name) => anywhere(name.split('.')));
  const dots = /^\.*/.exec(module)?.[0].length ?? 0;
  const segments = module
    .slice(dots)
    .split('.')
    .filter((segment) => segment !== '');
  const base = dots > 0 ? [...folder.slice(0, folder.length - dots + 1), ...segments] : segments;
  const path = (tail: readonly string[]): ImportedPath => ({ segments: [...base, ...tail], isExact: dots > 0 });
  // A name that is imported from a package may be a module of the package.
  return [...(base.length > 0 ? [path([])] : []), ...names.slice(0, 20).map((name) => path([name]))];
}

/** Returns the namespace before the braces of `use App\Shop\{Cart, Stock}`. */
function phpGroup({ parent: clause }: Node): readonly string[] {
  if (clause?.parent?.type !== 'namespace_use_group') return [];
  const namespace = clause.parent.parent?.namedChildren.find((child) => child?.type === 'namespace_name');
  return namespace?.text.split('\\') ?? [];
}

/** `own` is the module that contains the path. */
function rustPaths(name: string, own: readonly string[]): ImportedPath[] {
  const named = name.split('::').filter((segment) => segment !== '');
  const rest = named.filter((segment) => !['crate', 'self', 'super'].includes(segment));
  const supers = named.filter((segment) => segment === 'super').length;
  const base = supers > 0 ? own.slice(0, -supers) : [];
  // The last name may be a module or an item of a module.
  const paths = [
    [...base, ...rest],
    [...base, ...rest.slice(0, -1)],
  ].filter((segments) => segments.length > 0);
  return paths.map((segments) => ({ segments, isExact: supers > 0 }));
}

/** Returns the module of a node in a Rust file, as the folder of its submodules. Modules within the file count. */
function rustModule(path: string, { parent: statement }: Node): readonly string[] {
  const segments = path.replace(/\.rs$/, '').split('/');
  const own = ['mod', 'lib', 'main'].includes(segments.at(-1) ?? '') ? segments.slice(0, -1) : segments;
  const inner: string[] = [];
  for (let outer = statement?.parent ?? null; outer !== null; outer = outer.parent)
    if (outer.type === 'mod_item') inner.unshift(outer.childForFieldName('name')?.text ?? '');
  return [...own, ...inner];
}

function relative(specifier: string, folder: readonly string[]): ImportedPath {
  const { path, ending } = splitEnding(specifier);
  const segments = [...folder];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '.' && segment !== '') segments.push(segment);
  }
  return { segments, isExact: true, ...ending };
}

/** A path that may begin at any folder. */
function named(specifier: string): ImportedPath {
  const { path, ending } = splitEnding(specifier);
  return { ...anywhere(path.split('/')), ...ending };
}

function anywhere(segments: readonly string[]): ImportedPath {
  return { segments: segments.filter((segment) => segment !== ''), isExact: false };
}

const ENDING = /\.(?:[cm]?[jt]sx?|h|hh|hpp|hxx|c|cc|cpp|cxx|rb|php|vue|svelte)$/;

function splitEnding(specifier: string): { readonly path: string; readonly ending: Pick<ImportedPath, 'ending'> } {
  const [ending] = ENDING.exec(specifier) ?? [];
  return ending === undefined
    ? { path: specifier, ending: {} }
    : { path: specifier.slice(0, -ending.length), ending: { ending } };
}
