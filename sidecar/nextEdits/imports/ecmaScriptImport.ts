import type { Node } from '../../syntax/treeSitter.ts';
import type { TextEdit } from '../suggester.ts';
import { type Importing, lineAfter, lineBefore, withItems } from './importLists.ts';
import type { ImportSource } from './importSource.ts';
import { relativeSpecifier } from './modulePaths.ts';

/** An import statement with a path. */
interface Import {
  readonly statement: Node;
  /** The path in its quotes. */
  readonly source: string;
  /** The names in braces, with the braces. */
  readonly names: Node | undefined;
  /** The name of the whole module, or of its default. */
  readonly ownName: Node | undefined;
  readonly isNamespace: boolean;
  /** Whether all its names exist only for the type checker. */
  readonly isType: boolean;
}

function importsOf(root: Node): Import[] {
  return root.namedChildren.flatMap((statement) => {
    const source = statement?.type === 'import_statement' ? statement.childForFieldName('source')?.text : undefined;
    if (!statement || source === undefined) return [];
    const clause = statement.namedChildren.find((child) => child?.type === 'import_clause');
    const parts = clause?.namedChildren ?? [];
    return [
      {
        statement,
        source,
        names: parts.find((part) => part?.type === 'named_imports') ?? undefined,
        ownName: parts.find((part) => part?.type === 'identifier') ?? undefined,
        isNamespace: parts.some((part) => part?.type === 'namespace_import'),
        isType: /^import\s+type\b/.test(statement.text),
      },
    ];
  });
}

/** Whether imports are errors of syntax in a file. */
function isCommonJs({ path, text, languageId }: Importing['document']): boolean {
  return /\.c[jt]s$/.test(path) || (/^javascript/.test(languageId) && /\brequire\(|\bmodule\.exports\b/.test(text));
}

/** Returns the edits that import names of one module. All have the same form. */
export function ecmaScriptImport({ document, root }: Importing, sources: readonly ImportSource[]): TextEdit[] {
  const [first] = sources;
  if (first === undefined) return [];
  const { text, path } = document;
  const imports = importsOf(root);
  if (imports.length === 0 && isCommonJs(document)) return [];
  const paths = imports.map(({ source }) => source.slice(1, -1));
  const specifier =
    first.specifier ?? relativeSpecifier(path, first.path ?? '', [...paths, ...(first.sample ? [first.sample] : [])]);
  const marksTypes =
    imports.some((each) => each.isType || /[{,]\s*type\s/.test(each.names?.text ?? '')) ||
    sources.some(({ isMarked }) => isMarked);
  const own = imports.filter((_, index) => paths[index] === specifier && !imports[index]?.isNamespace);
  const names = sources.map((source) => ({ ...source, isType: source.isType && marksTypes }));
  return first.form === 'named'
    ? namedImports(text, { imports, own, names, specifier })
    : names.flatMap((name) => wholeImport(text, { imports, own, name, specifier }));
}

interface Place {
  readonly imports: readonly Import[];
  /** The imports of the same module. */
  readonly own: readonly Import[];
  readonly specifier: string;
}

function namedImports(
  text: string,
  { imports, own, names, specifier }: Place & { readonly names: readonly ImportSource[] },
): TextEdit[] {
  const hasTypes = names.every(({ isType }) => isType);
  const known =
    own.find((each) => each.names && each.isType === hasTypes) ?? own.find((each) => each.names && !each.isType);
  if (known?.names)
    return withNames(
      text,
      known.names,
      names.map((name) => itemOf(name, !known.isType)),
    );
  const single = own.find(({ ownName, isType }) => ownName && !isType);
  if (single?.ownName) {
    const at = single.ownName.endIndex;
    return [[at, at, `, { ${names.map((name) => itemOf(name, true).text).join(', ')} }`]];
  }
  const sorted = names.map((name) => itemOf(name, !hasTypes)).sort((one, other) => (one.key < other.key ? -1 : 1));
  const clause = `${hasTypes ? 'type ' : ''}{ ${sorted.map((item) => item.text).join(', ')} }`;
  return [newImport(text, imports, { clause, specifier, like: names[0] })];
}

function itemOf(
  { name, original, isType }: ImportSource,
  marks: boolean,
): { readonly text: string; readonly key: string } {
  const type = isType && marks ? 'type ' : '';
  return { text: `${type}${original ? `${original} as ` : ''}${name}`, key: original ?? name };
}

function withNames(text: string, list: Node, added: Parameters<typeof withItems>[2]): TextEdit[] {
  const items = list.namedChildren.flatMap((item) =>
    item?.type === 'import_specifier'
      ? [{ key: item.childForFieldName('name')?.text ?? '', start: item.startIndex, end: item.endIndex }]
      : [],
  );
  if (items.length > 0) return withItems(text, items, added);
  const at = list.startIndex + 1;
  return [[at, at, ` ${added.map((item) => item.text).join(', ')} `]];
}

function wholeImport(
  text: string,
  { imports, own, name, specifier }: Place & { readonly name: ImportSource },
): TextEdit[] {
  const clause = name.form === 'namespace' ? `* as ${name.name}` : name.name;
  const known =
    name.form === 'default' ? own.find(({ names, ownName, isType }) => names && !ownName && !isType) : undefined;
  if (known?.names && !name.isType) return [[known.names.startIndex, known.names.startIndex, `${clause}, `]];
  return [newImport(text, imports, { clause: `${name.isType ? 'type ' : ''}${clause}`, specifier, like: name })];
}

/**
 * Puts an import behind the last of its kind: those of packages come before those of files. In a file without imports
 * it looks as in the other file from which `like` is known.
 */
function newImport(
  text: string,
  imports: readonly Import[],
  { clause, specifier, like }: { readonly clause: string; readonly specifier: string; readonly like?: ImportSource },
): TextEdit {
  const last = imports.at(-1);
  const [quote, semicolon] = last
    ? [last.source.charAt(0), last.statement.text.endsWith(';') ? ';' : '']
    : [
        like?.quote ?? (text.includes('"') && !text.includes("'") ? '"' : "'"),
        like?.semicolon ?? (/;\s*$/m.test(text) ? ';' : ''),
      ];
  const spaced = imports.some(({ names }) => /^\{\w/.test(names?.text ?? ''))
    ? clause.replace('{ ', '{').replace(' }', '}')
    : clause;
  const line = `import ${spaced} from ${quote}${specifier}${quote}${semicolon}`;
  const isFile = specifier.startsWith('.');
  const before = imports.findLast(({ source }) => source.startsWith('.', 1) === isFile) ?? (isFile ? last : undefined);
  if (before !== undefined) return lineAfter(text, before.statement.endIndex, line);
  const [next] = imports;
  if (next !== undefined) return lineBefore(text, next.statement.startIndex, line);
  return lineAfter(text, endOfHead(text), line);
}

const SHEBANG = '(?:#![^\\n]*\\n)?';
const COMMENT = '(?:[ \\t]*(?:\\/\\/[^\\n]*|\\/\\*[^]{0,4000}?\\*\\/)?[ \\t]*\\r?\\n)';
/** Directives such as 'use client', with the comments before them. */
const DIRECTIVES = new RegExp(`^${SHEBANG}${COMMENT}{0,40}(?:(['"])use [\\w ]+\\1[ \\t;]*(?:\\r?\\n|$))+`);
/** A comment about the file: an empty line parts it from the code. */
const FILE_COMMENT = new RegExp(
  `^${SHEBANG}(?:[ \\t]*(?:\\/\\/[^\\n]*|\\/\\*[^]{0,4000}?\\*\\/)[ \\t]*\\r?\\n)+(?=\\r?\\n)`,
);

/** The end of the lines at the beginning of a file that no import may precede. `undefined`: there are none. */
function endOfHead(text: string): number | undefined {
  const [head] = DIRECTIVES.exec(text) ?? FILE_COMMENT.exec(text) ?? /^#![^\n]*/.exec(text) ?? [];
  return head ? head.trimEnd().length : undefined;
}
