type SegmentKind = 'code' | 'comment' | 'string';

/** A part of a source text. All parts in order make the whole text. */
export interface CodeSegment {
  readonly kind: SegmentKind;
  readonly text: string;
}

/** VS Code's language identifiers that have another name in highlight.js. */
const GRAMMARS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    javascriptreact: 'javascript',
    typescriptreact: 'typescript',
    shellscript: 'bash',
    'objective-c': 'objectivec',
    'objective-cpp': 'objectivec',
    jsonc: 'json',
    html: 'xml',
    vb: 'vbnet',
  }),
);

/**
 * The longest code that is read, in UTF-16 units. For some texts highlight.js takes quadratic time, while all clients
 * wait.
 */
export const MAX_CODE_UNITS = 100_000;
/** Code with longer lines is not read either, since long lines cause the quadratic time. */
const MAX_LINE_UNITS = 1_000;

/**
 * Splits a source text into comments, strings and code by highlight.js's grammar of the language (VS Code's
 * identifier). Expressions inside a string (`${…}`) are code. Resolves to `undefined` without a grammar, and for code
 * that is too long.
 */
export async function codeSegments(code: string, languageId: string): Promise<readonly CodeSegment[] | undefined> {
  const { default: hljs } = await import('highlight.js/lib/common');
  const language = GRAMMARS.get(languageId) ?? languageId;
  if (!hljs.getLanguage(language) || isTooLong(code)) return undefined;
  return segmentsOfMarkup(hljs.highlight(code, { language, ignoreIllegals: true }).value);
}

function isTooLong(code: string): boolean {
  return code.length > MAX_CODE_UNITS || code.split('\n').some((line) => line.length > MAX_LINE_UNITS);
}

/** Parses highlight.js's markup: spans with classes, and escaped text. */
function segmentsOfMarkup(markup: string): readonly CodeSegment[] {
  const segments: CodeSegment[] = [];
  const open: string[] = [];
  for (const [, opened, closed, text] of markup.matchAll(/<span class="([^"]*)">|(<\/span>)|([^<]+)/g)) {
    if (opened !== undefined) open.push(opened);
    else if (closed !== undefined) open.pop();
    else if (text !== undefined) append(segments, kindOf(open), unescape(text));
  }
  return segments;
}

function kindOf(open: readonly string[]): SegmentKind {
  for (const name of open.toReversed()) {
    // Attributes of markup inside code are not texts.
    if (name === 'hljs-subst' || name.startsWith('language-')) return 'code';
    if (name === 'hljs-comment') return 'comment';
    if (name === 'hljs-string') return 'string';
  }
  return 'code';
}

function append(segments: CodeSegment[], kind: SegmentKind, text: string): void {
  const last = segments.at(-1);
  if (last?.kind === kind) segments[segments.length - 1] = { kind, text: last.text + text };
  else segments.push({ kind, text });
}

function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#x27;', "'")
    .replaceAll('&amp;', '&');
}

/** Whether a text has the same code as these segments, apart from comments and strings. */
export async function isSameCode(
  segments: readonly CodeSegment[],
  other: string,
  languageId: string,
): Promise<boolean> {
  return shapeOf(segments) === shapeOf((await codeSegments(other, languageId)) ?? []);
}

function shapeOf(segments: readonly CodeSegment[]): string {
  return JSON.stringify(segments.map(({ kind, text }) => (kind === 'code' ? text : kind)));
}
