import { blockIndentation, opensBlock, opensCase } from './blocks.ts';
import type { CursorText } from './cursorText.ts';
import { indentationOf } from './indentation.ts';
import type { LanguageSyntax } from './languages.ts';
import { linesInLongStrings } from './longString.ts';

const closingWord = '(?:end|fi|done|esac)';
const closer = new RegExp(`^\\s*(?:[)\\]}]|${closingWord}\\s*$)`);
const wordCloser = new RegExp(`^\\s*${closingWord}\\b(?!\\s*[=(:])`);
/** What goes on with a statement where a block of it ended. */
const branches: Partial<Record<LanguageSyntax['blocks'], RegExp>> = {
  indentation: /^\s*(?:else|elif|except|finally)\b/,
  keywords: /^\s*(?:then|do|else|elif|elsif|elseif|when|in|rescue|ensure|catch|finally|after)\b/,
};
/** A branch whose one statement stands on the next line, or its brace. */
const braceless = /^\s*\}\s*(?:else(?:\s+if\b[^{};]*)?|(?:catch|while)\b[^{};)]*|finally)\s*$/;
const oneLineBranch = /(?:\bthen\s|:)\s*\S/;
/** The parts of a `switch` and of a class, which may stand as far left as its head. */
const sectionLabel =
  /^\s*(?:(?:case|default)\b|(?:public|protected|private|signals|Q_SIGNALS)(?:\s+\w+)?\s*:\s*(?:\/\/.*)?$)/;
const jumpLabel = /^\s*(?!(?:default|public|protected|private|signals|Q_SIGNALS)\b)[A-Za-z_]\w*:\s*$/;
const directive =
  /^\s*#\s*(?:if|ifdef|ifndef|elif|else|endif|define|undef|pragma|error|warning|include|region|endregion)\b/;
/** Heads whose contents are often not indented. */
const flatHead = /^\s*(?:(?:inline\s+)?namespace\b|extern\s+"C(?:\+\+)?")/;

/**
 * How many lines, the first of which is the cursor's own, belong to the block at the cursor: those before the first
 * that is shallower than the block, with the line that closes it where the cursor is behind its head. `undefined`: the
 * block does not end in them. Where nothing follows the lines any more, a closer ends it also behind what began like a
 * string and never ended: that was none.
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
  // Nothing closes a case, but what opens behind its label is closed.
  const isCase = opensCase(linePrefix, syntax) && !opensBlock(lines[0] ?? '', syntax);
  /** Blocks open at the head's own depth that are not its own. */
  let inner = 0;
  let inLongString: readonly boolean[] | undefined;
  /** A branch without a brace that the lines ended with so far. */
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
 * Whether a line opens the next part of the statement whose first block the cursor is in, such as `} else {` or
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

/** Whether a line closes a block, or may, in a string that goes on to the end. */
function isCloserBehindNone(line: string, inLongString: readonly boolean[], syntax: LanguageSyntax): boolean {
  return inLongString.every(Boolean) && (syntax.blocks === 'indentation' || closes(line, syntax));
}

const hasText = (lines: readonly string[]): boolean => lines.some((line) => line.trim() !== '');

const isBracelessBranch = (line: string, { blocks }: LanguageSyntax): boolean =>
  blocks === 'brackets' && braceless.test(line);

const closes = (line: string, { blocks }: LanguageSyntax): boolean =>
  closer.test(line) || (blocks === 'keywords' && wordCloser.test(line));

/** Labels to jump to and directives of a preprocessor stand left of the block that they are in. */
const standsOutside = (line: string, syntax: LanguageSyntax): boolean =>
  syntax.outdents === true && (jumpLabel.test(line) || directive.test(line));

/** Whether a line that closes something opens the next part (`} else {`, `) -> int:`). */
const opensNext = (line: string, syntax: LanguageSyntax): boolean =>
  opensBlock(line, syntax) || (syntax.blocks === 'indentation' && /:\s*$/.test(line));

/** Whether a line as far left as the head stands in the block that the head's brace opened. */
function isContent(line: string, { linePrefix, syntax }: CursorText): boolean {
  return (
    syntax.blocks === 'brackets' && /\{\s*$/.test(linePrefix) && (sectionLabel.test(line) || flatHead.test(linePrefix))
  );
}

const isBranch = (line: string, { blocks }: LanguageSyntax): boolean => branches[blocks]?.test(line) === true;
