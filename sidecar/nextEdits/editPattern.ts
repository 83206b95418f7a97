import type { RecentEdit, SourceDocument, TextEdit } from './suggester.ts';
import { isName, isWordAt, tokensOf, wholeWords } from './words.ts';

/** A word, a line break or another character, without spaces. */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** An edit in whole tokens, with the tokens around it on its lines. */
export interface Example {
  readonly edit: RecentEdit;
  readonly removed: readonly string[];
  readonly inserted: string;
  /** The nearest first. */
  readonly left: readonly Token[];
  readonly right: readonly Token[];
  readonly start: number;
  readonly end: number;
}

/** A token of a pattern: the text itself, or the number of a variable, which stands for one word. */
type Part = string | number;

/** Two edits' common form: where it applies, and what it inserts. */
export interface EditPattern {
  readonly left: readonly Part[];
  readonly removed: readonly Part[];
  readonly right: readonly Part[];
  /** The newest edit's inserted text in parts, spaces included. */
  readonly inserted: readonly Part[];
  /** Whether text without removal goes next to the token on its left. */
  readonly isNextToLeft: boolean;
}

const MAX_AROUND = 6;
const MAX_TOKENS = 80;
const MIN_WORD_UNITS = 3;
const MIN_LITERALS = 3;

/** Cuts a text into tokens. */
export function lexed(text: string, offset = 0): Token[] {
  const tokens: Token[] = [];
  let at = offset;
  for (const each of tokensOf(text)) {
    const isSpace = each.trim() === '';
    if (!isSpace || each.includes('\n')) tokens.push({ text: isSpace ? '\n' : each, start: at, end: at + each.length });
    at += each.length;
  }
  return tokens;
}

/** Returns an edit as an example; none if it is too long, or adds or removes only spaces. */
export function exampleOf(edit: RecentEdit, { text }: SourceDocument, tokens: readonly Token[]): Example[] {
  const { start, end } = wholeWords(text, edit);
  const inserted = text.slice(start, end);
  const before = text.slice(start, edit.start) + edit.removed + text.slice(edit.end, end);
  const removed = lexed(before).map((token) => token.text);
  if (removed.length > MAX_TOKENS || tokensOf(inserted).length > MAX_TOKENS) return [];
  if (before.trim() === '' && inserted.trim() === '') return [];
  const first = firstFrom(tokens, start);
  const behind = firstFrom(tokens, end);
  return [
    {
      edit,
      removed,
      inserted,
      left: untilLineBreak(tokens.slice(Math.max(0, first - MAX_AROUND), first).reverse()),
      right: untilLineBreak(tokens.slice(behind, behind + MAX_AROUND)),
      start,
      end,
    },
  ];
}

function firstFrom(tokens: readonly Token[], offset: number): number {
  let [low, high] = [0, tokens.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle] as Token).start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function untilLineBreak(tokens: readonly Token[]): readonly Token[] {
  const at = tokens.findIndex(({ text }) => text === '\n');
  return at < 0 ? tokens : tokens.slice(0, at);
}

/**
 * Returns the common form of two edits. `undefined` if they did different things, or if their form fits nearly any
 * place.
 */
export function patternOf(newest: Example, other: Example): EditPattern | undefined {
  if (newest.edit.moment === other.edit.moment || newest.removed.length !== other.removed.length) return undefined;
  const variables = new Map<string, number>();
  const removed = unified(newest.removed, other.removed, variables);
  if (removed.length < newest.removed.length) return undefined;
  const left = unified(textsOf(newest.left), textsOf(other.left), variables);
  const right = unified(textsOf(newest.right), textsOf(other.right), variables);
  const inserted = insertedParts(newest.inserted, other.inserted, variables);
  if (inserted === undefined || !isSpecific(removed, [...left, ...right])) return undefined;
  const isNextToLeft = newest.left[0]?.end === newest.start;
  return { left: left.reverse(), removed, right, inserted, isNextToLeft };
}

function textsOf(tokens: readonly Token[]): string[] {
  return tokens.map(({ text }) => text);
}

/** Returns the common beginning of two lists, with variables for words that differ. */
function unified(one: readonly string[], other: readonly string[], variables: Map<string, number>): Part[] {
  const parts: Part[] = [];
  for (const [index, token] of one.entries()) {
    const second = other[index];
    if (token === second) parts.push(token);
    else if (second !== undefined && isSameKind(token, second)) parts.push(variableOf(token, second, variables));
    else break;
  }
  return parts;
}

function variableOf(one: string, other: string, variables: Map<string, number>): number {
  const key = `${one} ${other}`;
  const known = variables.get(key) ?? variables.size;
  variables.set(key, known);
  return known;
}

/** Whether two tokens are both names, or both numbers. */
function isSameKind(one: string, other: string): boolean {
  return (isName(one) && isName(other)) || (/^\d/.test(one) && /^\d/.test(other));
}

/** Returns the parts of the inserted text; `undefined` if a word in it comes from nowhere. */
function insertedParts(one: string, other: string, variables: ReadonlyMap<string, number>): Part[] | undefined {
  const [first, second] = [tokensOf(one), tokensOf(other)];
  if (first.length !== second.length) return undefined;
  const parts = first.map((token, index) =>
    token === second[index] ? token : variables.get(`${token} ${second[index]}`),
  );
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

/** Whether a pattern fits few places: it has a word, and enough of its tokens are fixed. */
function isSpecific(removed: readonly Part[], around: readonly Part[]): boolean {
  const fixed = [...removed, ...around].filter((part) => typeof part === 'string' && part !== '\n') as string[];
  const hasWord = fixed.some((part) => isName(part) && part.length >= MIN_WORD_UNITS);
  const isReplacedWord = removed.length > 0 && removed.some((part) => typeof part === 'string' && isName(part));
  return hasWord && (fixed.length >= MIN_LITERALS || (isReplacedWord && typeof around[0] === 'string'));
}

/** Returns the edits that a pattern makes at all places where it fits. */
export function instancesOf(pattern: EditPattern, tokens: readonly Token[], text: string): TextEdit[] {
  const parts = [...pattern.left, ...pattern.removed, ...pattern.right];
  const edits: TextEdit[] = [];
  for (let at = 0; at + parts.length <= tokens.length; at++) {
    const bound = boundAt(parts, tokens, at);
    if (bound === undefined) continue;
    const [start, end] = rangeOf(pattern, tokens, at);
    const inserted = pattern.inserted.map((part) => (typeof part === 'string' ? part : (bound[part] ?? ''))).join('');
    if (!isDone(text, { start, end, inserted })) edits.push([start, end, inserted]);
  }
  return edits;
}

/** Returns the words that the variables stand for where the parts fit. */
function boundAt(parts: readonly Part[], tokens: readonly Token[], at: number): string[] | undefined {
  const bound: string[] = [];
  for (const [index, part] of parts.entries()) {
    const { text } = tokens[at + index] as Token;
    if (typeof part === 'string') {
      if (part !== text) return undefined;
    } else {
      if (!isWordAt(text, 0) || (bound[part] ?? text) !== text) return undefined;
      bound[part] = text;
    }
  }
  return bound;
}

function rangeOf({ left, removed, isNextToLeft }: EditPattern, tokens: readonly Token[], at: number): [number, number] {
  const first = at + left.length;
  const last = first + removed.length - 1;
  if (removed.length > 0) return [(tokens[first] as Token).start, (tokens[last] as Token).end];
  const place = isNextToLeft ? tokens[first - 1]?.end : tokens[first]?.start;
  const offset = place ?? tokens[first]?.start ?? tokens[first - 1]?.end ?? 0;
  return [offset, offset];
}

/** Whether a place already has the inserted text beside it. */
function isDone(
  text: string,
  { start, end, inserted }: { readonly start: number; readonly end: number; readonly inserted: string },
): boolean {
  const trimmed = inserted.trim();
  if (trimmed === '' || start < end) return text.slice(start, end) === inserted;
  return (
    text
      .slice(Math.max(0, start - trimmed.length - 40), start)
      .trimEnd()
      .endsWith(trimmed) ||
    text
      .slice(end, end + trimmed.length + 40)
      .trimStart()
      .startsWith(trimmed)
  );
}
