import type { CursorText } from './cursorText.ts';
import { indentationOf } from './indentationWidth.ts';
import type { LanguageSyntax } from './languages.ts';
import { openAtEnd } from './openAtEnd.ts';

const indentedHead = /^\s*(async\s+)?(def|class|if|elif|else|for|while|try|except|finally|with|match|case)\b.*:$/;
/** A label in a `switch`. Statements follow on its line or below. */
const caseLabel = /^\s*(?:case\b.+|default\s*):$/;
/** The last line of a head over several lines, as deep as the first: `) -> int:`. */
const closedHead = /^\s*[)\]}]+(?:\s*->.*)?\s*:$/;
/** Of a longer line only the end is tested, since the patterns for keywords are tried from every character. */
const MAX_HEAD_UNITS = 500;
/**
 * Heads whose brace begins a body: behind arguments, an arrow, a return type or a keyword. Behind other heads the brace
 * may hold values that stay on the line.
 */
const bracedHeads = [
  /(?:\)|=>|->)\s*\{$/,
  // The captures of a lambda in C++. An index or a type has a name before its bracket.
  /(?:^|[(,=]|\breturn)\s*\[[^[\]]*\]\s*\{$/,
  /\)\s*(?::|->|throws\b)\s*[^\s{][^;=]*\s\{$/,
  /\)\s*(?!return\b)[\w>*&[][^.;=(){}]*\s\{$/,
  /^\s*where\b.*\{$/,
  /^\s*(?:\w+(?:\([^)]*\))?\s+)*(?:fn|func|fun|function|sub)\b.*\s\{$/,
  /(?:^|[}=>]|\breturn)\s*(?:else\s+)?(?:if|for|while|switch|match|select|guard|when|with)\b.*\s\{$/,
  /\b(?:else|try|do|catch|finally|loop|unsafe|defer|static|init)\s*\{$/,
];
/** Heads of types, and of classes that are values. */
const typeHeads = [
  /^[^(){}=;.]*\b(?:class|struct|enum|interface|trait|impl|union|namespace|module|mod|object|record|protocol|extension|extern|mixin|actor|contract)\b(?:[^=]*\s|\s+\w[^=]*)\{$/,
  /(?:[(,=]|\breturn|\bnew)\s*class\b[^=(){};]*\{$/,
];
/** A word, or a word and a name, in languages where only a head looks like this: `dependencies {`, `message Foo {`. */
const wordHead =
  /^\s*(?!(?:return|yield|await|throw|export|import|use|const|let|var|val|new|in|of|as|default)\b)[\p{L}_]\w*(?:\s+[\p{L}_]\w*)?\s\{$/u;
/** Languages in which a type may stand before a brace with values, or a property before its accessors. */
const bracedValues = /^(?:c|cpp|cuda-cpp|objective-c|objective-cpp|csharp|go|rust)$/;
/**
 * Parameters of a block behind its brace: `list.map { x ->` of Kotlin and Groovy, `{ [weak self] x in` of Swift. Not
 * the member of a pointer, nor the head of a loop.
 */
const blockParameters = /\{(?!\s*for\b)[^{};]*\s(?:->|in)$/;
const keywordHead =
  /(^\s*(def|class|module|if|unless|while|until|for|case|begin|function|local function)\b|\b(do|then)(\s*\|[^|]*\|)?$|[({[]$|\bfunction\b.*\)$)/;
/** Braces around names: in an import, an export, a destructuring declaration, or a path (`use std::{`). */
const nameListHeads = [
  /^\s*import\s*(?:type\s*)?(?:[\w$]+\s*,\s*)?\{$/,
  /^\s*export\s*(?:type\s*)?\{$/,
  /^\s*(?:export\s+)?(?:const|let|var)\s*\{$/,
  /^\s*(?:pub(?:\([^)]*\))?\s+)?(?:use|import)\s+[\w.:\\]+(?:::|\.|\\)\{$/,
];

/**
 * Returns the least indentation of lines in the block at the cursor. On a fresh line it is the cursor's own, else it is
 * deeper than the line that opens the block.
 */
export function blockIndentation(cursor: CursorText): number {
  const own = indentationOf(cursor.linePrefix);
  return cursor.linePrefix.trim() === '' ? own : own + 1;
}

/** Returns whether a line opens a block or a list at its end, so that several lines may follow. */
export function opensBlock(line: string, syntax: LanguageSyntax): boolean {
  const code = stripComment(line, syntax.lineComment).trimEnd();
  const { openBrackets, isInString } = openAtEnd(code, syntax);
  // A brace in a string may begin an interpolated value, and text may follow a colon in it.
  if (isInString) return false;
  switch (syntax.blocks) {
    case 'indentation':
      return (isIndentedHead(code) && openBrackets.length === 0) || /[([{]$/.test(code);
    case 'brackets':
      return (
        /([{([]|=>)$/.test(code) ||
        (code[openBrackets.at(-1) ?? -1] === '{' && blockParameters.test(code.slice(-MAX_HEAD_UNITS)))
      );
    case 'keywords':
      return keywordHead.test(code.slice(-MAX_HEAD_UNITS));
    case 'none':
      return false;
  }
}

/**
 * Returns whether the cursor is right behind the head of a block (`def f():`, `if (a) {`), whose body begins on the
 * next line.
 */
export function isBehindHead(cursor: CursorText): boolean {
  const code = cursor.linePrefix.trimEnd();
  const { openBrackets, isInString } = openAtEnd(code, cursor.syntax);
  if (isInString) return false;
  // A colon in brackets belongs to a type, a slice or a lambda.
  if (cursor.syntax.blocks === 'indentation') return isIndentedHead(code) && openBrackets.length === 0;
  return cursor.syntax.blocks === 'brackets' && opensBody(code, cursor) && !isSpacedOut(cursor);
}

// The check for the colon is first, since the patterns would try every place of a long line.
const isIndentedHead = (code: string): boolean =>
  code.endsWith(':') && (indentedHead.test(code) || closedHead.test(code));

/** Returns whether a line ends a head that began on an earlier line, mostly a shallower one: `        b: int):`. */
export function endsHead(line: string, syntax: LanguageSyntax): boolean {
  const code = stripComment(line, syntax.lineComment).trimEnd();
  return syntax.blocks === 'indentation' && code.endsWith(':') && openAtEnd(code, syntax).closesMore;
}

/** Returns whether a line is a case label. Several lines may follow it, and nothing closes them. */
export function opensCase(line: string, syntax: LanguageSyntax): boolean {
  const code = stripComment(line, syntax.lineComment).trimEnd();
  if (syntax.blocks !== 'brackets' || !caseLabel.test(code)) return false;
  const { openBrackets, isInString } = openAtEnd(code, syntax);
  return !isInString && openBrackets.length === 0;
}

function opensBody(code: string, { languageId }: CursorText): boolean {
  // Declarations of style sheets stand on their own lines, behind any selector.
  if (/^(?:css|scss|less)$/.test(languageId)) return code.endsWith('{');
  const end = code.slice(-MAX_HEAD_UNITS);
  const declared = withoutTypes(end);
  const isHead =
    bracedHeads.some((head) => head.test(end)) ||
    typeHeads.some((head) => head.test(declared)) ||
    (!bracedValues.test(languageId) && wordHead.test(end));
  return isHead && !opensNameList(code);
}

/** Returns a line without type arguments in angle brackets, nested ones included. */
function withoutTypes(code: string): string {
  const outer = code.replace(/<[^<>]*>/g, '');
  return outer === code ? code : withoutTypes(outer);
}

/**
 * Returns whether the closer of a brace stands behind the cursor with spaces between (`{ ‸ }`). Then the contents stay
 * on the line.
 */
function isSpacedOut({ linePrefix, lineSuffix }: CursorText): boolean {
  return /\s$/.test(linePrefix) && /^\s*[}\])]/.test(lineSuffix);
}

/** Returns whether a line ends by opening a list of names (`import {`), which mostly continues on the same line. */
export function opensNameList(line: string): boolean {
  const code = line.trimEnd();
  return nameListHeads.some((head) => head.test(code));
}

function stripComment(line: string, marker: string | undefined): string {
  if (marker === undefined) return line;
  const at = line.indexOf(` ${marker}`);
  return at < 0 ? line : line.slice(0, at);
}
