import type { SourceDocument } from '../suggester.ts';

/** How a statement brings a name into a file. `module` stands for `import os` and for packages of Go. */
export type ImportForm = 'named' | 'default' | 'namespace' | 'module';

/** The statement by which a file imports a name. */
export interface NameImport {
  /** The module as the statement names it. */
  readonly specifier: string;
  readonly form: ImportForm;
  /** The name in the module, if the file gives it another one. */
  readonly original?: string | undefined;
  readonly isType: boolean;
  /** The quote around the module, and the semicolon or empty text at the end, in TypeScript and JavaScript. */
  readonly quote?: string;
  readonly semicolon?: string;
}

const ECMA_SCRIPT = /^(typescript|javascript)(react)?$/;
/** A larger text is data or generated, and is not searched for imports. */
const MAX_SEARCHED_UNITS = 256 * 1024;

/** The start of an import up to its path, in a text without a tree. It crosses neither strings nor statements. */
const IMPORT = /^import\s([^;'"\n{]{0,200}(?:\{[^;'"{}]{0,4000}\})?\s{0,100})\bfrom\s{0,100}['"]([^'"\n]+)['"]/gm;
const PYTHON_FROM = /^from[ \t]{1,9}([\w.]+)[ \t]{1,9}import[ \t]{1,9}(?:\(([^()]{0,4000})\)|([^\n#(]{0,400}))/gm;
const PYTHON_IMPORT = /^import[ \t]{1,9}([^\n#]{1,400})/gm;
const JAVA_IMPORT = /^import[ \t]{1,9}([\w.]{1,400})\.(\w{1,200});/gm;
const GO_BLOCK = /^import[ \t]{0,9}(?:\(([^()]{0,8000})\)|([^\n(]{1,400}))/gm;
const GO_SPEC = /^[ \t]*(?:([\w.]{1,200})[ \t]{1,9})?"([^"\n]{1,400})"/gm;

/** Returns how a file imports a name; `undefined` if it does not. */
export function importOfName({ text, languageId }: SourceDocument, name: string): NameImport | undefined {
  if (text.length > MAX_SEARCHED_UNITS) return undefined;
  if (ECMA_SCRIPT.test(languageId))
    return first(text.matchAll(IMPORT), (match) => inItsStyle(match, ecmaScript(match, name)));
  switch (languageId) {
    case 'python':
      return (
        first(text.matchAll(PYTHON_FROM), (match) => pythonFrom(match, name)) ??
        first(text.matchAll(PYTHON_IMPORT), ([, list = '']) => pythonModule(list, name))
      );
    case 'java':
      return first(text.matchAll(JAVA_IMPORT), ([, specifier = '', own]) =>
        own === name ? { specifier, form: 'named', isType: false } : undefined,
      );
    case 'go':
      return goImports(text).find((each) => each.name === name)?.by;
    default:
      return undefined;
  }
}

function first<T, U>(list: Iterable<T>, of: (item: T) => U | undefined): U | undefined {
  for (const item of list) {
    const found = of(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inItsStyle(match: RegExpExecArray, found: NameImport | undefined): NameImport | undefined {
  const [whole] = match;
  const semicolon = match.input[match.index + whole.length] === ';' ? ';' : '';
  return found && { ...found, quote: whole.slice(-1), semicolon };
}

function ecmaScript([whole, clause = '', specifier = '']: RegExpMatchArray, name: string): NameImport | undefined {
  if (!whole.includes(name)) return undefined;
  const isType = /^type\s+[\w${*]/.test(clause) && !/^type\s*,/.test(clause);
  const bare = isType ? clause.replace(/^type\s+/, '') : clause;
  const [outer = '', list = ''] = bare.split('{');
  if (outer.split(',')[0]?.trim() === name) return { specifier, form: 'default', isType };
  if (new RegExp(`\\*\\s*as\\s+${name}\\s*$`).test(outer)) return { specifier, form: 'namespace', isType };
  for (const item of list.split('}', 1)[0]?.split(',') ?? []) {
    const [, type, original, alias] = /^\s*(type\s+)?([\w$]+)(?:\s+as\s+([\w$]+))?\s*$/.exec(item) ?? [];
    if ((alias ?? original) !== name) continue;
    return { specifier, form: 'named', isType: isType || type !== undefined, original: alias && original };
  }
  return undefined;
}

function pythonFrom([, specifier = '', inBrackets, list]: RegExpMatchArray, name: string): NameImport | undefined {
  for (const item of (inBrackets ?? list ?? '').replaceAll(/#[^\n]*/g, '').split(',')) {
    const [, original, alias] = /^\s*(\w+)(?:\s+as\s+(\w+))?\s*$/.exec(item) ?? [];
    if ((alias ?? original) !== name) continue;
    return { specifier, form: 'named', isType: false, original: alias === original ? undefined : alias && original };
  }
  return undefined;
}

function pythonModule(list: string, name: string): NameImport | undefined {
  for (const item of list.split(',')) {
    const [, specifier = '', alias] = /^\s*([\w.]+)(?:\s+as\s+(\w+))?\s*$/.exec(item) ?? [];
    // `import a.b` brings the name `a`, but not how to get all of it.
    if ((alias ?? specifier) !== name) continue;
    return { specifier, form: 'module', isType: false, original: alias && specifier };
  }
  return undefined;
}

/** Returns the packages that a Go file imports, by the names that it calls them. */
export function goImports(text: string): { readonly name: string; readonly by: NameImport }[] {
  return [...text.matchAll(GO_BLOCK)].flatMap(([, block, single]) =>
    [...(block ?? single ?? '').matchAll(GO_SPEC)].map(([, alias, specifier = '']) => ({
      name: alias ?? goPackageName(specifier),
      by: { specifier, form: 'module' as const, isType: false, original: alias && goPackageName(specifier) },
    })),
  );
}

/** Returns the usual name of a Go package: the last part of its path without its version. */
function goPackageName(specifier: string): string {
  const parts = specifier.split('/').filter((part, index) => index === 0 || !/^v\d+$/.test(part));
  return (parts.at(-1) ?? '').replace(/\.v\d+$/, '').replace(/^go-/, '');
}
