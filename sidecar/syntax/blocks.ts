import type { CursorText } from './cursorText.ts';
import { indentationOf } from './indentation.ts';
import type { LanguageSyntax } from './languages.ts';
import { openAtEnd } from './openAtEnd.ts';

const indentedHead = /^\s*(async\s+)?(def|class|if|elif|else|for|while|try|except|finally|with|match|case)\b.*:$/;
/** What begins a part of a `switch`; statements follow, on its line or below. */
const caseLabel = /^\s*(?:case\b.+|default\s*):$/;
/** The last line of a head that has several, at the depth of the first: `) -> int:`. */
const closedHead = /^\s*[)\]}]+(?:\s*->.*)?\s*:$/;
/** A longer line is judged by its end: what looks for a keyword is tried from each of its signs. */
const MAX_HEAD_UNITS = 500;
/**
 * Heads whose brace begins a body: behind arguments or an arrow, what a function is declared to give, and with a
 * keyword. Others may hold what stays on the line.
 */
const bracedHeads = [
  /(?:\)|=>|->)\s*\{$/,
  // What a lambda of C++ takes with it; an index or a type has a name before it.
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
/** A word, or one and a name, which is a head where nothing else is written so: `dependencies {`, `message Foo {`. */
const wordHead =
  /^\s*(?!(?:return|yield|await|throw|export|import|use|const|let|var|val|new|in|of|as|default)\b)[\p{L}_]\w*(?:\s+[\p{L}_]\w*)?\s\{$/u;
/** There a type may stand before a brace with values, or with how a property is read. */
const bracedValues = /^(?:c|cpp|cuda-cpp|objective-c|objective-cpp|csharp|go|rust)$/;
/**
 * What a block takes, behind its brace: `list.map { x ->` of Kotlin and Groovy, `{ [weak self] x in` of Swift; no
 * member of a pointer, nor what a loop goes through.
 */
const blockParameters = /\{(?!\s*for\b)[^{};]*\s(?:->|in)$/;
const keywordHead =
  /(^\s*(def|class|module|if|unless|while|until|for|case|begin|function|local function)\b|\b(do|then)(\s*\|[^|]*\|)?$|[({[]$|\bfunction\b.*\)$)/;
/**
 * Braces with names between them: those of an import, an export, a declaration that takes an object apart, and of paths
 * (`use std::{`).
 */
const nameListHeads = [
  /^\s*import\s*(?:type\s*)?(?:[\w$]+\s*,\s*)?\{$/,
  /^\s*export\s*(?:type\s*)?\{$/,
  /^\s*(?:export\s+)?(?:const|let|var)\s*\{$/,
  /^\s*(?:pub(?:\([^)]*\))?\s+)?(?:use|import)\s+[\w.:\\]+(?:::|\.|\\)\{$/,
];

/**
 * Indentation that lines of the block at the cursor have at least: the cursor's own on a fresh line, else deeper than
 * the line that opens the block.
 */
export function blockIndentation(cursor: CursorText): number {
  const own = indentationOf(cursor.linePrefix);
  return cursor.linePrefix.trim() === '' ? own : own + 1;
}

/** Whether a line ends in what opens a block or a list, so that several lines may follow. */
export function opensBlock(line: string, syntax: LanguageSyntax): boolean {
  const code = stripComment(line, syntax.lineComment).trimEnd();
  const { openBrackets, isInString } = openAtEnd(code, syntax);
  // A brace in a string takes a value into it, and text follows a colon.
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
 * Whether the cursor is right behind the head of a block (`def f():`, `if (a) {`): its body begins on the next line.
 */
export function isBehindHead(cursor: CursorText): boolean {
  const code = cursor.linePrefix.trimEnd();
  const { openBrackets, isInString } = openAtEnd(code, cursor.syntax);
  if (isInString) return false;
  // A colon in brackets is that of a type, a slice or a lambda.
  if (cursor.syntax.blocks === 'indentation') return isIndentedHead(code) && openBrackets.length === 0;
  return cursor.syntax.blocks === 'brackets' && opensBody(code, cursor) && !isSpacedOut(cursor);
}

// Without the colon the patterns would try every place of a long line.
const isIndentedHead = (code: string): boolean =>
  code.endsWith(':') && (indentedHead.test(code) || closedHead.test(code));

/** Whether a line ends a head that began further up, mostly at less depth: `        b: int):`. */
export function endsHead(line: string, syntax: LanguageSyntax): boolean {
  const code = stripComment(line, syntax.lineComment).trimEnd();
  return syntax.blocks === 'indentation' && code.endsWith(':') && openAtEnd(code, syntax).closesMore;
}

/** Whether a line is the label of a case, below which several lines may follow and that nothing closes. */
export function opensCase(line: string, syntax: LanguageSyntax): boolean {
  const code = stripComment(line, syntax.lineComment).trimEnd();
  if (syntax.blocks !== 'brackets' || !caseLabel.test(code)) return false;
  const { openBrackets, isInString } = openAtEnd(code, syntax);
  return !isInString && openBrackets.length === 0;
}

function opensBody(code: string, { languageId }: CursorText): boolean {
  // Declarations of style sheets stand on lines of their own, behind whatever selects.
  if (/^(?:css|scss|less)$/.test(languageId)) return code.endsWith('{');
  const end = code.slice(-MAX_HEAD_UNITS);
  const declared = withoutTypes(end);
  const isHead =
    bracedHeads.some((head) => head.test(end)) ||
    typeHeads.some((head) => head.test(declared)) ||
    (!bracedValues.test(languageId) && wordHead.test(end));
  return isHead && !opensNameList(code);
}

/** A line without what it says of types in angle brackets, which may be in one another. */
function withoutTypes(code: string): string {
  const outer = code.replace(/<[^<>]*>/g, '');
  return outer === code ? code : withoutTypes(outer);
}

/**
 * Whether the closer of a brace stands behind the cursor with spaces between (`{ ‸ }`): there its contents stay on the
 * line.
 */
function isSpacedOut({ linePrefix, lineSuffix }: CursorText): boolean {
  return /\s$/.test(linePrefix) && /^\s*[}\])]/.test(lineSuffix);
}

/** Whether a line ends in what opens a list of names (`import {`), which mostly goes on in the same line. */
export function opensNameList(line: string): boolean {
  const code = line.trimEnd();
  return nameListHeads.some((head) => head.test(code));
}

function stripComment(line: string, marker: string | undefined): string {
  if (marker === undefined) return line;
  const at = line.indexOf(` ${marker}`);
  return at < 0 ? line : line.slice(0, at);
}
