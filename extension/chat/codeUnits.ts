/**
 * What begins at a block's margin: an import, a declaration, what stands above one (comments, decorators), or any other
 * line.
 */
export type UnitKind = 'import' | 'declaration' | 'head' | 'statement';

/** A part of some code that begins at its margin, with what is indented below. */
export interface CodeUnit extends LineSpan {
  readonly kind: UnitKind;
  /** All of a head or an import; of the others the first line. */
  readonly text: string;
  /** What it names: a declaration in another version has the same. */
  readonly name?: string;
}

/** A stretch of whole lines, zero-based, `end` not included. */
export interface LineSpan {
  readonly start: number;
  readonly end: number;
}

/** The lines of a text without their ends. */
export function linesOf(text: string): string[] {
  return text.split(/\r?\n/);
}

export function indentationOf(line: string): number {
  return /^\s*/.exec(line)?.[0].length ?? 0;
}

/** A line that names something: not a brace, a comment or a decorator of one line. */
function isTelling(line: string): boolean {
  return /[\p{L}_]/u.test(line) && !/^(\/\/|\/\*|\*|#(?!include)|--|@[\w.]+(\(.*\))?$|[a-zA-Z]?("""|'''))/.test(line);
}

/** The first line that begins an import, a declaration or a statement. */
export function firstLineOf(lines: readonly string[]): number | undefined {
  for (let index = 0; index < lines.length;) {
    const unit = unitAt(lines, index);
    if (unit && unit.kind !== 'head') return index;
    index = unit?.end ?? index + 1;
  }
  return undefined;
}

/** The parts of some of `lines` that begin with `margin` signs of indentation, in their order. */
export function unitsOf(
  lines: readonly string[],
  margin: number,
  { start, end } = { start: 0, end: lines.length },
): CodeUnit[] {
  const units: CodeUnit[] = [];
  for (let index = start; index < end;) {
    const unit = indentationOf(lines[index] ?? '') === margin ? unitAt(lines, index) : undefined;
    if (unit) units.push(unit);
    index = unit?.end ?? index + 1;
  }
  return units;
}

/**
 * The part that begins with a line; `undefined` where only another part's end or middle does, or a line without a word.
 */
export function unitAt(lines: readonly string[], start: number): CodeUnit | undefined {
  const text = lines[start]?.trim() ?? '';
  if (text === '' || isClosing(text) || isPartOfBlock(text)) return undefined;
  if (!isTelling(text)) {
    if (!HEAD.test(text)) return undefined;
    const end = endOfHead(lines, start);
    return { kind: 'head', start, end, text: textOf(lines, start, end) };
  }
  const end = endOfQuoted(lines, start) ?? endOfBlock(lines, start);
  if (/^(?:import|export|from)\b/.test(text) || IMPORT.test(text)) {
    const whole = textOf(lines, start, end);
    const module = moduleOf(whole);
    if (module !== undefined || IMPORT.test(text)) return { kind: 'import', start, end, text: whole, ...named(module) };
  }
  const name = declaredName(text, lines[start + 1]);
  return { kind: name === undefined ? 'statement' : 'declaration', start, end, text, ...named(name) };
}

/** Whether two parts are the same: their first line is, or what they name. */
export function isSame(one: CodeUnit, other: CodeUnit): boolean {
  return one.text === other.text || (one.name !== undefined && one.kind === other.kind && one.name === other.name);
}

const textOf = (lines: readonly string[], start: number, end: number): string =>
  lines
    .slice(start, end)
    .map((line) => line.trim())
    .join('\n');

const named = (name: string | undefined): { readonly name?: string } => (name === undefined ? {} : { name });

const HEAD = /^(?:\/\/|\/\*|#|--|@|[a-zA-Z]?(?:"""|'''))/;
const IMPORT = /^(?:import\b(?!\s*[(.]\s*\S)|#include\b|using\s+[\w.]+;|(?:pub\s+)?use\s|require\b|package\s)/;

/** The module that an import of some of its names takes them from. */
function moduleOf(code: string): string | undefined {
  return /^(?:(?:import|export)\b[^;=()'"]*\bfrom\s*['"]([^'"]+)|from\s+(\S+)\s+import\b)/
    .exec(code)
    ?.slice(1)
    .find(Boolean);
}

/** What a line declares; `next`: the line below, which may begin its body. */
export function declaredName(line: string, next?: string): string | undefined {
  const declared =
    /^(?:export\s+|default\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|abstract\s+|final\s+|pub(?:\(\w+\))?\s+)*(?:function\*?|class|interface|type|enum|def|func|fn|struct|trait|const|let|var|module|namespace)\s+([\p{L}_$][\p{L}\p{N}_$]*)/u.exec(
      line,
    )?.[1];
  // What a module gives is declared once, and grows.
  return (
    declared ??
    /^(?:export\s*\{|module\.exports\s*=|__all__\s*=)/.exec(line)?.[0].replace(/\s/g, '') ??
    methodName(line, next)
  );
}

/** A line that is longer declares no method: what looks for a name in it is tried from each of its signs. */
const MAX_HEAD_UNITS = 500;

/**
 * The name of a method, or of a function whose type comes first: a name with parameters and a body, and nothing that is
 * worked out before.
 */
function methodName(line: string, next = ''): string | undefined {
  if (line.length > MAX_HEAD_UNITS || (!/\{$/.test(line) && !/^\s*\{\s*$/.test(next))) return undefined;
  const name =
    /^(?!(?:if|elseif|unless|for|foreach|while|until|repeat|do|switch|select|match|when|catch|try|with|using|lock|synchronized|guard|return|new|await)\b|.*=>)[^=("'`.]*?([\p{L}_$~#][\p{L}\p{N}_$~:]*)\s*\((?!\s*["'`])/u.exec(
      line,
    )?.[1];
  return name === undefined ? undefined : `${name}()`;
}

/** The line after a comment, a text in three quotes or a decorator. */
function endOfHead(lines: readonly string[], start: number): number {
  const text = lines[start]?.trim() ?? '';
  if (!text.startsWith('/*')) return endOfQuoted(lines, start) ?? start + 1;
  for (let index = start; index < lines.length; index += 1) if (lines[index]?.includes('*/')) return index + 1;
  return start + 1;
}

/** The line after a text in three quotes that begins in line `start` and does not end there. */
function endOfQuoted(lines: readonly string[], start: number): number | undefined {
  for (const quotes of ['"""', "'''"]) {
    if ((lines[start] ?? '').split(quotes).length % 2 !== 0) continue;
    for (let index = start + 1; index < lines.length; index += 1) if (lines[index]?.includes(quotes)) return index + 1;
  }
  return undefined;
}

/**
 * The line after a block that begins at `start`: by indentation, with the closing line that stands at the block's own.
 */
function endOfBlock(lines: readonly string[], start: number): number {
  const own = indentationOf(lines[start] ?? '');
  const isWhole = /[;}]\s*$/.test(lines[start] ?? '');
  let hasBody = isWhole || /\{\s*$/.test(lines[start] ?? '');
  let end = start + 1;
  for (let index = start + 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (line.trim() === '') continue;
    if (indentationOf(line) > own) end = index + 1;
    else if (indentationOf(line) === own && isClosing(line)) {
      end = index + 1;
      // `} else {` and the `):` of parameters go on, `}` ends.
      if (!/[{([:]\s*$/.test(line) && !CONTINUES.test(lines[index + 1] ?? '')) return end;
    } else if (indentationOf(line) === own && !hasBody && /^\s*\{/.test(line)) hasBody = true;
    else if (isWhole || !isPartOfBlock(line)) return end;
  }
  return end;
}

const CONTINUES = /^\s*(?:else|catch|finally)\b/;

/** Whether a line stands at a block's own margin inside of it. */
export function isPartOfBlock(line: string): boolean {
  return PARTS_OF_BLOCKS.test(line);
}

const PARTS_OF_BLOCKS =
  /^\s*(?:(?:public|private|protected)\s*:|#\s*(?:if|ifdef|ifndef|elif|else|endif)\b|(?:else|elif|elsif|except|catch|finally|rescue|ensure)\b(?!\s*[=.]))/;

/** Whether a line closes a block; `end` is a name too. */
function isClosing(line: string): boolean {
  return /^\s*(?:[}\])]|end\b(?!\s*(?:[-+*/]?=|:|\()))/.test(line);
}
