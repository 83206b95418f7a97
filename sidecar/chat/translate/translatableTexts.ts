import { withoutPlaceholders, keepsPlaceholders } from './placeholders.ts';
import type { CodeSegment } from './codeSegments.ts';

/** A line of a comment or a string with text for people. */
export interface TranslatableText {
  /** Offset in the code, in UTF-16 units. */
  readonly start: number;
  readonly text: string;
  /** The quote that ends the string, or `undefined` for a comment. */
  readonly quote?: string;
}

/** Marks at the start of a comment line, and the part before its words: tags with types and names, "TODO:". */
const COMMENT_HEAD =
  /^\s*(?:\/\/+[/!<]?|\/\*+!?|\*+(?!\/)|#+!?|--+\[*|;+|%+|<!--|\(\*|\{-)?\s*(?:@(?:param|property|prop|arg|argument|template|throws|exception)(?:\s+\{[^}]*\})?(?:\s+\[?[\w.$]+(?:=[^\]]*)?\]?)?(?:\s+-)?\s+|@\w+(?:\s+\{[^}]*\})?\s+|:\w+(?:\s+[\w.*]+)*:\s+|(?:TODO|FIXME|NOTE|XXX|HACK|BUG)(?:\([^)]*\))?:?\s+|[-*•]\s+|\d+[.)]\s+)?/;
/** A run of spaces or stars is matched only from its beginning, since a file may have thousands in a row. */
const COMMENT_TAIL = /(?<!\s)\s*(?:(?:(?<!\*)\*+\/|-->|\*\)|-\}|\]\])\s*)?$/;
/** Comments for tools or about licences. */
const NOT_FOR_READERS =
  /^(?:eslint|@?ts-|prettier|istanbul|c8|v8|noqa|type:|pylint|mypy|pragma|#?(?:end)?region|sourceMappingURL|webpack|vite-|biome|jshint|jslint|global\b|coding[:=]|-\*-|!|\/usr\/|clang-|NOLINT|go:|nolint|rubocop|swiftlint|copyright\b|\(c\)|SPDX|@?licen[cs]e\b)/i;

/** Returns the translatable lines of comments and strings. */
export function translatableTexts(segments: readonly CodeSegment[], languageId: string): readonly TranslatableText[] {
  const texts: TranslatableText[] = [];
  // In these languages, strings are attributes and declarations, not texts.
  const hasTexts = !/^(?:html|xml|css|scss|less|json|jsonc|yaml|toml|ini|dockerfile|makefile)$/.test(languageId);
  let offset = 0;
  for (const { kind, text } of segments) {
    if (kind === 'comment' || (kind === 'string' && isDocumentation(text))) texts.push(...commentLines(text, offset));
    else if (kind === 'string' && hasTexts) texts.push(...stringText(text, offset));
    offset += text.length;
  }
  return texts;
}

/** Whether a string is a docstring: several lines between three quotes. */
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
    // The head's pattern may have taken a part of the tail.
    if (isProse(body, 1) && !NOT_FOR_READERS.test(body)) yield { start: start + lineStart + head, text: body };
    lineStart += line.length + 1;
  }
}

function* stringText(literal: string, start: number): Iterable<TranslatableText> {
  const [opening = '', quote = ''] = /^[a-zA-Z@$]*(["'`])/.exec(literal) ?? [];
  const ending = quote === '' ? /["'`]$/ : new RegExp(`${quote}$`);
  const closing = ending.exec(literal.slice(opening.length))?.[0] ?? '';
  const inner = literal.slice(opening.length, literal.length - closing.length);
  // Part of a string around `${…}` lacks its own quote at one or both ends. Only such strings have parts.
  const text = inner.trim();
  if (!inner.includes('\n') && isProse(text, 2) && /\s/.test(text))
    yield { start: start + opening.length + inner.indexOf(text), text, quote: quote || closing || '`' };
}

/** Whether a text is mainly words, at least `leastWords` of them. */
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

/** A translation is at most this many times as long as its source, plus some units. */
const MAX_GROWTH = 3;
const MAX_GROWTH_UNITS = 24;

/**
 * Returns a translation that fits the place of its source, else `undefined`. It does not fit if placeholders are
 * missing, if it would end the comment or string, or if it has no words. It does not fit either if it is far too long,
 * which means that a small model got lost.
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
