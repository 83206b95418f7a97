import { languageIdOf } from '../syntax/languageIds.ts';

/** What an import names, as path segments: `./cart` in `src/main.ts` gives `['src', 'cart']`. */
export interface ImportedPath {
  /** The last one without its ending. */
  readonly segments: readonly string[];
  /** Of a file's name, as it is written: `.h`. Absent: the import has none. */
  readonly ending?: string;
  /** Counted from the workspace's root; otherwise the segments may begin at any folder. */
  readonly isExact: boolean;
}

const ECMASCRIPT = /(?:\bfrom\s*|\bimport\s*(?:\(\s*)?|\brequire\s*\(\s*)['"]([^'"\n]+)['"]/g;
const PYTHON = /^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^()]*\)|[^\n#]+)|import[ \t]+([\w., \t]+))/gm;
const C = /^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"/gm;
const GO = /"([\w./~-]+)"/g;
/** All blanks stand in the first part: a line of them takes time in proportion to its length. */
const RUST = /^([ \t]*)(?![ \t]).*?\b(?:use|mod)\s+([\w:]+)/gm;
const DOTTED = /^[ \t]*(?:import|using)[ \t]+(?:static[ \t]+)?([\w.]+)/gm;
const RUBY = /\brequire(_relative)?[ (]+['"]([^'"\n]+)['"]/g;
const PHP = /^[ \t]*(?:use[ \t]+([\w\\]+)|(?:require|include)(?:_once)?[ (]+(?:__DIR__[ .]+)?['"]([^'"\n]+)['"])/gm;

/**
 * Which paths the text of the file `path` imports, in the order of the text. Packages that lie outside of the workspace
 * are among them.
 */
export function importedPaths(text: string, path: string, languageId = languageIdOf(path)): ImportedPath[] {
  const folder = path.split('/').slice(0, -1);
  switch (languageId) {
    case 'typescript':
    case 'typescriptreact':
    case 'javascript':
    case 'javascriptreact':
    case 'vue':
    case 'svelte':
      return [...text.matchAll(ECMASCRIPT)].map(([, specifier = '']) => ecmaScriptPath(specifier, folder));
    case 'python':
      return [...text.matchAll(PYTHON)].flatMap((match) => pythonPaths(match, folder));
    case 'c':
    case 'cpp':
    case 'objective-c':
      return [...text.matchAll(C)].flatMap(([, name = '']) => [relative(name, folder), named(name)]);
    case 'go':
      return [...text.slice(0, 4096).matchAll(GO)].map(([, name = '']) => anywhere(name.split('/').slice(-2)));
    case 'rust':
      return [...text.matchAll(RUST)].flatMap(([, indentation, name = '']) =>
        rustPaths(name, rustModule(path, indentation !== '')),
      );
    case 'ruby':
      return [...text.matchAll(RUBY)].map(([, isRelative, name = '']) =>
        isRelative ? relative(name, folder) : named(name),
      );
    case 'php':
      return [...text.matchAll(PHP)].map(([, name, file]) =>
        name === undefined ? relative((file ?? '').replace(/^\//, ''), folder) : anywhere(name.split('\\').slice(-2)),
      );
    case 'java':
    case 'kotlin':
    case 'scala':
    case 'groovy':
    case 'csharp':
      return [...text.matchAll(DOTTED)].map(([, name = '']) => anywhere(name.split('.').slice(-3)));
    default:
      return [];
  }
}

function ecmaScriptPath(specifier: string, folder: readonly string[]): ImportedPath {
  if (specifier.startsWith('.')) return relative(specifier, folder);
  // "@/cart" and "~/cart" are aliases of a source folder.
  return named(specifier.replace(/^[@~#]\//, ''));
}

function pythonPaths([, module, names, plain]: RegExpMatchArray, folder: readonly string[]): ImportedPath[] {
  if (module === undefined)
    return (plain ?? '').split(',').map((name) => anywhere((name.trim().split(/\s/)[0] ?? '').split('.')));
  const dots = /^\.*/.exec(module)?.[0].length ?? 0;
  const segments = module
    .slice(dots)
    .split('.')
    .filter((segment) => segment !== '');
  const base = dots > 0 ? [...folder.slice(0, folder.length - dots + 1), ...segments] : segments;
  const path = (tail: readonly string[]): ImportedPath => ({ segments: [...base, ...tail], isExact: dots > 0 });
  // What is imported from a package may be a module of it.
  const imported = [...(names ?? '').matchAll(/(\w+)(?:\s+as\s+\w+)?/g)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'as')
    .slice(0, 20);
  return [...(base.length > 0 ? [path([])] : []), ...imported.map((name) => path([name]))];
}

/** `own`: the module in which the path is named. */
function rustPaths(name: string, own: readonly string[]): ImportedPath[] {
  const named = name.split('::').filter((segment) => segment !== '');
  const rest = named.filter((segment) => !['crate', 'self', 'super'].includes(segment));
  const supers = named.filter((segment) => segment === 'super').length;
  const base = supers > 0 ? own.slice(0, -supers) : [];
  // The last name may be a module, or an item of one.
  const paths = [
    [...base, ...rest],
    [...base, ...rest.slice(0, -1)],
  ].filter((segments) => segments.length > 0);
  return paths.map((segments) => ({ segments, isExact: supers > 0 }));
}

/**
 * The module of a place in a Rust file, as the folder in which its own modules lie. What is indented stands in a module
 * within the file, mostly that of its tests.
 */
function rustModule(path: string, isIndented: boolean): readonly string[] {
  const segments = path.replace(/\.rs$/, '').split('/');
  const own = ['mod', 'lib', 'main'].includes(segments.at(-1) ?? '') ? segments.slice(0, -1) : segments;
  return isIndented ? [...own, 'tests'] : own;
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

/** A file at any folder. */
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
