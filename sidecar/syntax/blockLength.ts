import { blockIndentation, opensBlock, opensCase } from './blocks.ts';
import type { CursorText } from './cursorText.ts';
import { indentationOf } from './indentationWidth.ts';
import type { LanguageSyntax } from './languages.ts';
import { linesInLongStrings } from './longString.ts';

const closingWord = '(?:end|fi|done|esac)';
const closer = new RegExp(`^\\s*(?:[)\\]}]|${closingWord}\\s*$)`);
const wordCloser = new RegExp(`^\\s*${closingWord}\\b(?!\\s*[=(:])`);
/** Lines that continue a statement after one of its blocks ended. */
const branches: Partial<Record<LanguageSyntax['blocks'], RegExp>> = {
  indentation: /^\s*(?:else|elif|except|finally)\b/,
  keywords: /^\s*(?:then|do|else|elif|elsif|elseif|when|in|rescue|ensure|catch|finally|after)\b/,
};
/** A branch whose single statement, or whose brace, stands on the next line. */
const braceless = /^\s*\}\s*(?:else(?:\s+if\b[^{};]*)?|(?:catch|while)\b[^{};)]*|finally)\s*$/;
const oneLineBranch = /(?:\bthen\s|:)\s*\S/;
/** Labels of a `switch` and of a class, which may be indented as little as their head. */
const sectionLabel =
  /^\s*(?:(?:case|default)\b|(?:public|protected|private|signals|Q_SIGNALS)(?:\s+\w+)?\s*:\s*(?:\/\/.*)?$)/;
const jumpLabel = /^\s*(?!(?:default|public|protected|private|signals|Q_SIGNALS)\b)[A-Za-z_]\w*:\s*$/;
const directive =
  /^\s*#\s*(?:if|ifdef|ifndef|elif|else|endif|define|undef|pragma|error|warning|include|region|endregion)\b/;
/** Heads whose contents are often not indented. */
const flatHead = /^\s*(?:(?:inline\s+)?namespace\b|extern\s+"C(?:\+\+)?")/;

/**
 * Returns how many of `lines` belong to the block at the cursor; the first is the cursor's own line. The block ends
 * before the first shallower line, or with its closing line if the cursor is behind its head. `undefined` if the block
 * does not end in `lines`. If `isWhole`, no text follows `lines`. Then a closer also ends the block inside an apparent
 * string that never ends.
 */
export function blockLength(
  lines: readonly string[],
  cursor: CursorText,
  { isWhole = false } = {},
): number | undefined {
  const { linePrefix, syntax } = cursor;
  const least = blockIndentation(cursor);
  const isBehindText = linePrefix.trim() !== '';
  const head = indentationOf(linePrefix);
  // Nothing closes a case, but a block that opens behind its label is closed.
  const isCase = opensCase(linePrefix, syntax) && !opensBlock(lines[0] ?? '', syntax);
  /** Open blocks at the head's depth, other than the head's own. */
  let inner = 0;
  let inLongString: readonly boolean[] | undefined;
  /** The line of a branch without a brace, while no other line has followed. */
  let branch: number | undefined;
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (line.trim() === '' || indentationOf(line) >= least || standsOutside(line, syntax)) continue;
    inLongString ??= linesInLongStrings(lines, syntax);
    if (inLongString[index] === true && !(isWhole && isCloserBehindNone(line, inLongString.slice(index), syntax)))
      continue;
    if (branch !== undefined) {
      if (indentationOf(line) < head || !/^\s*\{/.test(line))
        return hasText(lines.slice(branch + 1, index)) ? index : branch;
      branch = undefined;
      continue;
    }
    if (!isBehindText || indentationOf(line) < head || isCase) return index;
    if (isBracelessBranch(line, syntax) && inner === 0) branch = index;
    else if (closes(line, syntax)) {
      if (opensNext(line, syntax)) continue;
      if (inner === 0) return index + 1;
      inner--;
    } else if (isContent(line, cursor)) {
      if (opensBlock(line, syntax)) inner++;
    } else if (!isBranch(line, syntax)) return index;
  }
  return undefined;
}

/**
 * Returns whether a line opens the next part of the statement whose first block the cursor is in, such as `} else {` or
 * `except:`.
 */
export function opensBranch(line: string, { linePrefix, syntax }: CursorText): boolean {
  if (linePrefix.trim() === '' || indentationOf(line) !== indentationOf(linePrefix)) return false;
  return (
    (isBranch(line, syntax) && !oneLineBranch.test(line)) ||
    (closes(line, syntax) && opensNext(line, syntax)) ||
    isBracelessBranch(line, syntax)
  );
}

/** Returns whether a line may close a block although it seems to lie in a string that goes on to the end. */
function isCloserBehindNone(line: string, inLongString: readonly boolean[], syntax: LanguageSyntax): boolean {
  return inLongString.every(Boolean) && (syntax.blocks === 'indentation' || closes(line, syntax));
}

const hasText = (lines: readonly string[]): boolean => lines.some((line) => line.trim() !== '');

const isBracelessBranch = (line: string, { blocks }: LanguageSyntax): boolean =>
  blocks === 'brackets' && braceless.test(line);

const closes = (line: string, { blocks }: LanguageSyntax): boolean =>
  closer.test(line) || (blocks === 'keywords' && wordCloser.test(line));

/** Jump labels and preprocessor directives may stand left of their block. */
const standsOutside = (line: string, syntax: LanguageSyntax): boolean =>
  syntax.outdents === true && (jumpLabel.test(line) || directive.test(line));

/** Whether a closing line opens the next part (`} else {`, `) -> int:`). */
const opensNext = (line: string, syntax: LanguageSyntax): boolean =>
  opensBlock(line, syntax) || (syntax.blocks === 'indentation' && /:\s*$/.test(line));

/** Returns whether a line as shallow as the head lies in the block of the head's brace. */
function isContent(line: string, { linePrefix, syntax }: CursorText): boolean {
  return (
    syntax.blocks === 'brackets' && /\{\s*$/.test(linePrefix) && (sectionLabel.test(line) || flatHead.test(linePrefix))
  );
}

const isBranch = (line: string, { blocks }: LanguageSyntax): boolean => branches[blocks]?.test(line) === true;
