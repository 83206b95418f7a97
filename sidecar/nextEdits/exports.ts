import type { Node } from '../syntax/treeSitter.ts';
import type { SourceDocument, TextEdit } from './suggester.ts';
import { lineBreakOf } from './words.ts';

/** A name that a file offers to others. */
export interface Export {
  readonly document: SourceDocument;
  readonly name: string;
  /** Whether it exists only for the type checker. */
  readonly isType: boolean;
}

const ECMA_SCRIPT = /^(typescript|javascript)(react)?$/;
/** A larger text is data or generated, and is not searched for imports. */
const MAX_SEARCHED_UNITS = 256 * 1024;

/** Returns a file's export of a name, if files of the language can import it. */
export function exportOf(document: SourceDocument, name: string, languageId: string): Export | undefined {
  const { text } = document;
  if (ECMA_SCRIPT.test(languageId) && ECMA_SCRIPT.test(document.languageId)) {
    const kinds = 'const|let|var|(?:async\\s+)?function\\*?|(?:abstract\\s+)?class|(?:const\\s+)?enum|interface|type';
    const found = new RegExp(`^export\\s+(?:declare\\s+)?(${kinds})\\s+${name}(?![\\w$])`, 'm').exec(text);
    return found ? { document, name, isType: /^(interface|type)$/.test(found[1] ?? '') } : undefined;
  }
  if (languageId !== document.languageId) return undefined;
  if (languageId === 'python')
    return new RegExp(`^(?:(?:async\\s+)?def|class)\\s+${name}\\b`, 'm').test(text)
      ? { document, name, isType: false }
      : undefined;
  if (languageId === 'java')
    return new RegExp(
      `^public\\s+(?:(?:final|abstract|sealed)\\s+)*(?:class|interface|enum|record)\\s+${name}\\b`,
      'm',
    ).test(text)
      ? { document, name, isType: false }
      : undefined;
  return undefined;
}

/**
 * Returns the path from which other files import a name, without an ending; a folder's index file may pass names on.
 * `undefined` if none does.
 */
export function importedFrom(others: readonly SourceDocument[], name: string): string | undefined {
  for (const { text, path, languageId } of others) {
    if (!ECMA_SCRIPT.test(languageId) || text.length > MAX_SEARCHED_UNITS) continue;
    const own = [...text.matchAll(IMPORT)].find((each) => new RegExp(`[{,\\s]${name}\\s*[,}]`).test(each[0]));
    const specifier = own?.[1];
    if (specifier?.startsWith('.')) return resolved(path, specifier);
  }
  return undefined;
}

function resolved(path: string, specifier: string): string {
  const segments = path.split('/').slice(0, -1);
  for (const part of specifier.split('/'))
    if (part === '..') segments.pop();
    else if (part !== '.') segments.push(part);
  return segments.join('/');
}

/**
 * Returns the edit that imports a name. `undefined` if the file's style of imports does not tell how. `root` is the
 * root of the document's tree.
 */
export function importLine(document: SourceDocument, exported: Export, root: Node): TextEdit | undefined {
  switch (document.languageId) {
    case 'python':
      return pythonImport(document, exported);
    case 'java':
      return javaImport(document, exported);
    default:
      return ecmaScriptImport(document, exported, root);
  }
}

/** The start of an import up to its path, in a text without a tree. It crosses neither strings nor statements. */
const IMPORT = /^import\s[^;'"\n{]{0,200}(?:\{[^;'"{}]{0,4000}\})?\s{0,100}\bfrom\s{0,100}['"]([^'"\n]+)['"]/gm;

/** An import statement with a path. */
interface Import {
  readonly statement: Node;
  /** The path in its quotes. */
  readonly source: string;
  /** The names in braces, with the braces. */
  readonly names: Node | undefined;
  /** Whether all its names exist only for the type checker. */
  readonly isType: boolean;
}

function importsOf(root: Node): Import[] {
  return root.namedChildren.flatMap((statement) => {
    const source = statement?.type === 'import_statement' ? statement.childForFieldName('source')?.text : undefined;
    if (!statement || source === undefined) return [];
    const names = statement.descendantsOfType('named_imports')[0] ?? undefined;
    return [{ statement, source, names, isType: /^import\s+type\b/.test(statement.text) }];
  });
}

function ecmaScriptImport({ text, path }: SourceDocument, exported: Export, root: Node): TextEdit | undefined {
  const { document: from, name, isType } = exported;
  const imports = importsOf(root);
  const paths = imports.map(({ source }) => source.slice(1, -1));
  const specifier = specifierOf(path, from.path, paths);
  const marksTypes = imports.some((each) => each.isType || /[{,]\s*type\s/.test(each.names?.text ?? ''));
  const known = imports.find((each, index) => paths[index] === specifier && each.names && (isType || !each.isType));
  if (known?.names) return withName(text, known.names, isType && marksTypes && !known.isType ? `type ${name}` : name);
  const last = imports.at(-1);
  const [quote, semicolon] = last
    ? [last.source.charAt(0), last.statement.text.endsWith(';') ? ';' : '']
    : [text.includes('"') && !text.includes("'") ? '"' : "'", /;\s*$/m.test(text) ? ';' : ''];
  const line = `import ${isType && marksTypes ? 'type ' : ''}{ ${name} } from ${quote}${specifier}${quote}${semicolon}`;
  return afterLast(text, last?.statement.endIndex, line);
}

/** Adds a name to the braces of an import: in its place if they are sorted, or else as the last. */
function withName(text: string, known: Node, name: string): TextEdit {
  const [open, close] = [known.startIndex + 1, known.endIndex - 1];
  const plain = (item: string): string => item.trim().replace(/^type\s+/, '');
  const items = text.slice(open, close).split(',');
  const names = items.map(plain).filter((item) => item !== '');
  const isSorted = names.every((item, index) => index === 0 || compared(names[index - 1] ?? '', item) <= 0);
  let at = open;
  for (const item of items) {
    const start = at + item.length - item.trimStart().length;
    if (isSorted && names.length > 1 && plain(item) !== '' && compared(plain(name), plain(item)) < 0)
      return [start, start, `${name}, `];
    at += item.length + 1;
  }
  const inner = text.slice(0, close).trimEnd();
  return [inner.length, inner.length, `${/[{,]$/.test(inner) ? ' ' : ', '}${name}`];
}

function compared(one: string, other: string): number {
  return one.toLowerCase().localeCompare(other.toLowerCase(), 'en');
}

/** Puts a line behind the line in which the last import ends, or at the beginning of the text. */
function afterLast(text: string, lastEnd: number | undefined, line: string): TextEdit {
  const lineBreak = lineBreakOf(text);
  if (lastEnd === undefined) return [0, 0, `${line}${lineBreak}`];
  const next = text.indexOf('\n', lastEnd) + 1;
  return next === 0 ? [text.length, text.length, `${lineBreak}${line}`] : [next, next, `${line}${lineBreak}`];
}

/** Returns the specifier of a file, with an ending if the other relative imports have one. */
function specifierOf(path: string, from: string, others: readonly string[]): string {
  const own = path.split('/').slice(0, -1);
  const target = from.split('/');
  let shared = 0;
  while (shared < own.length && shared < target.length - 1 && own[shared] === target[shared]) shared++;
  const up = own.length - shared;
  const relative = `${up === 0 ? './' : '../'.repeat(up)}${target.slice(shared).join('/')}`;
  const ending = others
    .map((other) => /^\.{1,2}\/.*(\.[cm]?[jt]sx?)$/.exec(other)?.[1])
    .find((found) => found !== undefined);
  const bare = relative.replace(/\.[cm]?[jt]sx?$/, '');
  if (ending === undefined) return bare;
  return /^\.[cm]?js/.test(ending) ? `${bare}${ending}` : relative;
}

function pythonImport({ text, path }: SourceDocument, { document: from, name }: Export): TextEdit | undefined {
  const imports = [...text.matchAll(/^(?:from\s+[\w.]+\s+import\s+[^\n(]*|import\s+[^\n]*)$/gm)];
  const module = moduleOf(path, from.path, text);
  const known = imports.find((each) =>
    new RegExp(`^from\\s+${module.replaceAll('.', '\\.')}\\s+import\\s`).test(each[0]),
  );
  if (known && !known[0].includes('*')) {
    const at = known.index + known[0].trimEnd().length;
    return [at, at, `, ${name}`];
  }
  const last = imports.at(-1);
  // Without imports a comment or docstring may come first.
  if (last === undefined && /^(?:#|"""|''')/.test(text)) return undefined;
  return afterLast(text, endOf(last), `from ${module} import ${name}`);
}

function moduleOf(path: string, from: string, text: string): string {
  const [own, target] = [path, from].map((each) => each.replace(/\.pyi?$/, '').split('/'));
  const isBeside = own?.slice(0, -1).join('/') === target?.slice(0, -1).join('/');
  const stem = target?.at(-1) ?? '';
  if (isBeside)
    return /^from\s+\./m.test(text)
      ? `.${stem}`
      : (target?.length ?? 0) > 1 && /^from\s+\w+\.\w+/m.test(text)
        ? dotted(target)
        : stem;
  return dotted(target);
}

function dotted(path: readonly string[] = []): string {
  return path.filter((part, index) => !(index === 0 && part === 'src') && part !== '__init__').join('.');
}

function javaImport({ text }: SourceDocument, { document: from, name }: Export): TextEdit | undefined {
  const packageOf = (source: string): string => /^package\s+([\w.]+)\s*;/m.exec(source)?.[1] ?? '';
  const [own, target] = [packageOf(text), packageOf(from.text)];
  if (
    target === '' ||
    own === target ||
    new RegExp(`^import\\s+${target.replaceAll('.', '\\.')}\\.\\*;`, 'm').test(text)
  )
    return undefined;
  const last =
    [...text.matchAll(/^import\s[^;\n]+;[ \t]*\r?$/gm)].at(-1) ??
    [...text.matchAll(/^package\s[^;\n]+;[ \t]*\r?$/gm)].at(-1);
  return afterLast(text, endOf(last), `import ${target}.${name};`);
}

function endOf(match: RegExpMatchArray | undefined): number | undefined {
  return match && (match.index ?? 0) + match[0].trimEnd().length;
}
