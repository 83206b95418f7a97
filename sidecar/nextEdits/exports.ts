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
    if (!ECMA_SCRIPT.test(languageId)) continue;
    const own = [...text.matchAll(IMPORT)].find((each) => new RegExp(`[{,\\s]${name}\\s*[,}]`).test(each[0]));
    const specifier = own?.[2];
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

/** Returns the edit that imports a name. `undefined` if the file's style of imports does not tell how. */
export function importLine(document: SourceDocument, exported: Export): TextEdit | undefined {
  switch (document.languageId) {
    case 'python':
      return pythonImport(document, exported);
    case 'java':
      return javaImport(document, exported);
    default:
      return ecmaScriptImport(document, exported);
  }
}

const IMPORT = /^import\s[^;]*?from\s*(['"])([^'"]+)\1;?[ \t]*\r?$/gm;

function ecmaScriptImport({ text, path }: SourceDocument, exported: Export): TextEdit | undefined {
  const { document: from, name, isType } = exported;
  const imports = [...text.matchAll(IMPORT)];
  const specifier = specifierOf(
    path,
    from.path,
    imports.map((each) => each[2] ?? ''),
  );
  const marksTypes = imports.some((each) => /^import\s+type\b|[{,]\s*type\s/.test(each[0]));
  const known = imports.find(
    (each) => each[2] === specifier && /\{[^}]*\}/.test(each[0]) && (isType || !/^import\s+type\b/.test(each[0])),
  );
  if (known) {
    const isMarked = isType && marksTypes && !/^import\s+type\b/.test(known[0]);
    return withName(text, known, isMarked ? `type ${name}` : name);
  }
  const last = imports.at(-1);
  const [quote, semicolon] = last
    ? [last[1] ?? "'", /;\s*$/.test(last[0]) ? ';' : '']
    : [text.includes('"') && !text.includes("'") ? '"' : "'", /;\s*$/m.test(text) ? ';' : ''];
  const line = `import ${isType && marksTypes ? 'type ' : ''}{ ${name} } from ${quote}${specifier}${quote}${semicolon}`;
  return afterLast(text, last, line);
}

/** Adds a name to the braces of an import: in its place if they are sorted, or else as the last. */
function withName(text: string, known: RegExpMatchArray, name: string): TextEdit {
  const open = (known.index ?? 0) + known[0].indexOf('{') + 1;
  const close = (known.index ?? 0) + known[0].indexOf('}');
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

/** Puts a line behind the last import, or at the beginning of the text. */
function afterLast(text: string, last: RegExpMatchArray | undefined, line: string): TextEdit {
  const lineBreak = lineBreakOf(text);
  if (last === undefined) return [0, 0, `${line}${lineBreak}`];
  const next = text.indexOf('\n', (last.index ?? 0) + last[0].trimEnd().length) + 1;
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
  return afterLast(text, last, `from ${module} import ${name}`);
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
  return afterLast(text, last, `import ${target}.${name};`);
}
