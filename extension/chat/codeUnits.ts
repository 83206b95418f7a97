/**
 * The kinds of lines at a block's margin: an import, a declaration, a head above a declaration (comment, decorator), or
 * any other statement.
 */
type UnitKind = 'import' | 'declaration' | 'head' | 'statement';

/** A part of some code: a line at the margin with the indented lines below it. */
export interface CodeUnit extends LineSpan {
  readonly kind: UnitKind;
  /** The whole text of a head or an import, otherwise the first line. */
  readonly text: string;
  /** The name of the declaration. Another version of the declaration has the same name. */
  readonly name?: string;
}

/** A range of whole lines, zero-based. `end` is exclusive. */
export interface LineSpan {
  readonly start: number;
  readonly end: number;
}

/** Returns the lines of a text without line ends. */
export function linesOf(text: string): string[] {
  return text.split(/\r?\n/);
}

export function indentationOf(line: string): number {
  return /^\s*/.exec(line)?.[0].length ?? 0;
}

/** Returns whether a line contains a name, unlike a brace, a comment or a one-line decorator. */
function isTelling(line: string): boolean {
  return /[\p{L}_]/u.test(line) && !/^(\/\/|\/\*|\*|#(?!include)|--|@[\w.]+(\(.*\))?$|[a-zA-Z]?("""|'''))/.test(line);
}

/** Returns the first line that begins an import, a declaration or a statement. */
export function firstLineOf(lines: readonly string[]): number | undefined {
  for (let index = 0; index < lines.length;) {
    const unit = unitAt(lines, index);
    if (unit && unit.kind !== 'head') return index;
    index = unit?.end ?? index + 1;
  }
  return undefined;
}

/** Returns the parts of a range of `lines` that are indented by `margin` characters, in their order. */
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
 * Returns the part that begins at line `start`. Returns `undefined` if the line only continues or closes another part,
 * or has no word.
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

/** Returns whether two parts are the same: their texts are equal, or their names and kinds are. */
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

/** The module that a named import refers to. */
function moduleOf(code: string): string | undefined {
  return /^(?:(?:import|export)\b[^;=()'"]*\bfrom\s*['"]([^'"]+)|from\s+(\S+)\s+import\b)/
    .exec(code)
    ?.slice(1)
    .find(Boolean);
}

/** Returns the name that a line declares. `next` is the line below, which may begin its body. */
export function declaredName(line: string, next?: string): string | undefined {
  const declared =
    /^(?:export\s+|default\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|abstract\s+|final\s+|pub(?:\(\w+\))?\s+)*(?:function\*?|class|interface|type|enum|def|func|fn|struct|trait|const|let|var|module|namespace)\s+([\p{L}_$][\p{L}\p{N}_$]*)/u.exec(
      line,
    )?.[1];
  // A module's list of exports occurs once and grows, so it counts as a declaration.
  return (
    declared ??
    /^(?:export\s*\{|module\.exports\s*=|__all__\s*=)/.exec(line)?.[0].replace(/\s/g, '') ??
    methodName(line, next)
  );
}

/** A longer line declares no method: the regular expression for its name is tried from each character. */
const MAX_HEAD_UNITS = 500;

/**
 * The name of a method, or of a function whose type comes first. Such a line has a name, parameters and a body, but no
 * expression before the name.
 */
function methodName(line: string, next = ''): string | undefined {
  if (line.length > MAX_HEAD_UNITS || (!/\{$/.test(line) && !/^\s*\{\s*$/.test(next))) return undefined;
  const name =
    /^(?!(?:if|elseif|unless|for|foreach|while|until|repeat|do|switch|select|match|when|catch|try|with|using|lock|synchronized|guard|return|new|await)\b|.*=>)[^=("'`.]*?([\p{L}_$~#][\p{L}\p{N}_$~:]*)\s*\((?!\s*["'`])/u.exec(
      line,
    )?.[1];
  return name === undefined ? undefined : `${name}()`;
}

/** The line after a comment, a triple-quoted string or a decorator. */
function endOfHead(lines: readonly string[], start: number): number {
  const text = lines[start]?.trim() ?? '';
  if (!text.startsWith('/*')) return endOfQuoted(lines, start) ?? start + 1;
  for (let index = start; index < lines.length; index += 1) if (lines[index]?.includes('*/')) return index + 1;
  return start + 1;
}

/** The line after a triple-quoted string that begins in line `start` and does not end there. */
function endOfQuoted(lines: readonly string[], start: number): number | undefined {
  for (const quotes of ['"""', "'''"]) {
    if ((lines[start] ?? '').split(quotes).length % 2 !== 0) continue;
    for (let index = start + 1; index < lines.length; index += 1) if (lines[index]?.includes(quotes)) return index + 1;
  }
  return undefined;
}

/**
 * The line after a block that begins at `start`. The block ends by indentation and includes a closing line at its own
 * indentation.
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
      // `} else {` and `):` after parameters continue the block, `}` ends it.
      if (!/[{([:]\s*$/.test(line) && !CONTINUES.test(lines[index + 1] ?? '')) return end;
    } else if (indentationOf(line) === own && !hasBody && /^\s*\{/.test(line)) hasBody = true;
    else if (isWhole || !isPartOfBlock(line)) return end;
  }
  return end;
}

const CONTINUES = /^\s*(?:else|catch|finally)\b/;

/** Returns whether a line at a block's margin belongs to the block. */
export function isPartOfBlock(line: string): boolean {
  return PARTS_OF_BLOCKS.test(line);
}

const PARTS_OF_BLOCKS =
  /^\s*(?:(?:public|private|protected)\s*:|#\s*(?:if|ifdef|ifndef|elif|else|endif)\b|(?:else|elif|elsif|except|catch|finally|rescue|ensure)\b(?!\s*[=.]))/;

/** Returns whether a line closes a block. `end` may also be a name. */
function isClosing(line: string): boolean {
  return /^\s*(?:[}\])]|end\b(?!\s*(?:[-+*/]?=|:|\()))/.test(line);
}
