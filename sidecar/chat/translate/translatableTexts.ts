import { withoutPlaceholders, keepsPlaceholders } from './placeholders.ts';
import type { CodeSegment } from './codeSegments.ts';

/** One line of a comment or a string that says something to people. */
export interface TranslatableText {
  /** Offset in the code, in UTF-16 units. */
  readonly start: number;
  readonly text: string;
  /** The quote that ends the string; `undefined`: a comment. */
  readonly quote?: string;
}

/**
 * Marks at the beginning of a line of a comment, and what stands before its words: tags with their types and names,
 * "TODO:".
 */
const COMMENT_HEAD =
  /^\s*(?:\/\/+[/!<]?|\/\*+!?|\*+(?!\/)|#+!?|--+\[*|;+|%+|<!--|\(\*|\{-)?\s*(?:@(?:param|property|prop|arg|argument|template|throws|exception)(?:\s+\{[^}]*\})?(?:\s+\[?[\w.$]+(?:=[^\]]*)?\]?)?(?:\s+-)?\s+|@\w+(?:\s+\{[^}]*\})?\s+|:\w+(?:\s+[\w.*]+)*:\s+|(?:TODO|FIXME|NOTE|XXX|HACK|BUG)(?:\([^)]*\))?:?\s+|[-*•]\s+|\d+[.)]\s+)?/;
/** Spaces and stars are tried from where they begin: a file may have thousands of them in a row. */
const COMMENT_TAIL = /(?<!\s)\s*(?:(?:(?<!\*)\*+\/|-->|\*\)|-\}|\]\])\s*)?$/;
/** Said to tools, or to lawyers. */
const NOT_FOR_READERS =
  /^(?:eslint|@?ts-|prettier|istanbul|c8|v8|noqa|type:|pylint|mypy|pragma|#?(?:end)?region|sourceMappingURL|webpack|vite-|biome|jshint|jslint|global\b|coding[:=]|-\*-|!|\/usr\/|clang-|NOLINT|go:|nolint|rubocop|swiftlint|copyright\b|\(c\)|SPDX|@?licen[cs]e\b)/i;

/** What of some code's comments and strings can be translated, line by line. */
export function translatableTexts(segments: readonly CodeSegment[], languageId: string): readonly TranslatableText[] {
  const texts: TranslatableText[] = [];
  // Attributes and declarations: their strings are no texts.
  const hasTexts = !/^(?:html|xml|css|scss|less|json|jsonc|yaml|toml|ini|dockerfile|makefile)$/.test(languageId);
  let offset = 0;
  for (const { kind, text } of segments) {
    if (kind === 'comment' || (kind === 'string' && isDocumentation(text))) texts.push(...commentLines(text, offset));
    else if (kind === 'string' && hasTexts) texts.push(...stringText(text, offset));
    offset += text.length;
  }
  return texts;
}

/** A string of several lines between three quotes, as Python documents with. */
function isDocumentation(text: string): boolean {
  return /^[a-zA-Z]*("""|''')[\s\S]*\1$/.test(text);
}

function* commentLines(comment: string, start: number): Iterable<TranslatableText> {
  const [opening = ''] = /^[a-zA-Z]*(?:"""|''')/.exec(comment) ?? [];
  const inner = opening === '' ? comment : comment.slice(0, -3);
  let lineStart = 0;
  for (const line of inner.split('\n')) {
    const from = lineStart === 0 ? opening.length : 0;
    const head = from + (COMMENT_HEAD.exec(line.slice(from))?.[0].length ?? 0);
    const body = line.slice(head).replace(COMMENT_TAIL, '');
    // A rest of the tail may have been taken as the head.
    if (isProse(body, 1) && !NOT_FOR_READERS.test(body)) yield { start: start + lineStart + head, text: body };
    lineStart += line.length + 1;
  }
}

function* stringText(literal: string, start: number): Iterable<TranslatableText> {
  const [opening = '', quote = ''] = /^[a-zA-Z@$]*(["'`])/.exec(literal) ?? [];
  const ending = quote === '' ? /["'`]$/ : new RegExp(`${quote}$`);
  const closing = ending.exec(literal.slice(opening.length))?.[0] ?? '';
  const inner = literal.slice(opening.length, literal.length - closing.length);
  // A part of a string around `${…}` has no quote of its own at one end or both; only such strings have parts.
  const text = inner.trim();
  if (!inner.includes('\n') && isProse(text, 2) && /\s/.test(text))
    yield { start: start + opening.length + inner.indexOf(text), text, quote: quote || closing || '`' };
}

/** Whether a text is words more than anything else, and has at least `leastWords`. */
function isProse(text: string, leastWords: number): boolean {
  const plain = withoutPlaceholders(text);
  if (/\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}/u.test(plain)) return true;
  const words =
    plain.match(/(?<![\p{L}\p{M}\d_$./\\-])[\p{L}\p{M}][\p{L}\p{M}'’-]+(?![\p{L}\d_$/\\([=:]|\.\p{L})/gu) ?? [];
  const letters = words.join('').length;
  const visible = text.replace(/\s/g, '').length;
  return (
    words.length >= leastWords &&
    letters >= 2 &&
    letters / visible >= 0.5 &&
    !/[;{}]\s*$|=>|^\s*(?:return|const|let|var|import|export|if|for|while)\b.*[()=]/.test(text)
  );
}

/** A translation has no more than so many times the letters of its source, and some. */
const MAX_GROWTH = 3;
const MAX_GROWTH_UNITS = 24;

/**
 * A translation as it can stand in the place of its source, or `undefined` where it can not: placeholders are missing,
 * it would end the comment or the string, or it is no words, or far too many of them: a small model that lost itself.
 */
export function fittingTranslation(source: TranslatableText, translation: string): string | undefined {
  const text = translation.trim();
  if (text === '' || /[\r\n\u2028\u2029]/.test(text) || !keepsPlaceholders(source.text, text)) return undefined;
  if (!isProse(text, 1) || text.length > MAX_GROWTH * source.text.length + MAX_GROWTH_UNITS) return undefined;
  const count = (of: string, sign: string): number => of.split(sign).length;
  const marks =
    source.quote === undefined ? ['*/', '-->', '"""', "'''", '*)', '-}', ']]', '?>'] : ['${', '{', '}', '`', '\\'];
  if (marks.some((mark) => count(source.text, mark) !== count(text, mark))) return undefined;
  if (source.quote === undefined || source.quote === '`') return text;
  const bare = new RegExp(`(?<!\\\\)${source.quote}`, 'g');
  return text.replace(bare, `\\${source.quote}`);
}
