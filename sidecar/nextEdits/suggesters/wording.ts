import type { Node } from '../../syntax/treeSitter.ts';
import type { RecentEdit, SourceDocument, SuggestContext, Suggestion, TextEdit } from '../suggester.ts';
import { lineAt, placesOfWord, wholeWords } from '../words.ts';

const CONFIDENCE = 0.8;
const MAX_EDITS = 4;
const MIN_WORD_UNITS = 3;
const MAX_PARAGRAPH_LINES = 12;

/** Words that stand in any sentence, and say nothing about its subject. */
const EMPTY_WORDS =
  /^(?:the|and|for|are|was|were|with|from|that|this|when|then|than|its|has|have|had|not|but|into|each|all|any|one|two|may|can|must|will|what|which|who|how|why|only|also|after|before|about|over|under|other|more|most|some|such|they|them|their)$/i;

/**
 * A word of a comment was replaced: suggests the same in the sentences that stand in strings of the same paragraph. A
 * paragraph ends at an empty line. Other sentences of the comment may mean something else.
 */
export async function suggestWording(context: SuggestContext): Promise<readonly Suggestion[]> {
  for (const edit of context.edits.slice(0, MAX_EDITS)) {
    const document = context.document(edit.uri);
    const words = document && wordsOf(edit, document);
    const root = words && (await context.root(document));
    if (document === undefined || root === undefined || words === undefined || proseAt(root, words) !== 'comment')
      continue;
    const { text } = document;
    const { start, end } = paragraphAt(text, edit.start);
    const edits = placesOfWord(text.slice(start, end), words.before)
      .map((at): TextEdit => [start + at, start + at + words.before.length, words.after])
      .filter(([from, to]) => proseAt(root, { start: from, end: to }) === 'string');
    if (edits.length > 0) return [{ uri: edit.uri, kind: 'wording', confidence: CONFIDENCE, edits }];
  }
  return [];
}

interface Words {
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
}

/** Returns the one word that was replaced, and the words in its place up to a punctuation mark. */
function wordsOf(edit: RecentEdit, { text }: SourceDocument): Words | undefined {
  const { start, end } = wholeWords(text, edit);
  const before = text.slice(start, edit.start) + edit.removed + text.slice(edit.end, end);
  const [after = ''] = /^[\p{L}\p{N}_-]+(?: [\p{L}\p{N}_-]+){0,2}(?=$|[,.;:(])/u.exec(text.slice(start, end)) ?? [];
  if (!/^\p{L}+$/u.test(before) || before.length < MIN_WORD_UNITS || EMPTY_WORDS.test(before) || after === '')
    return undefined;
  return { start, end, before, after };
}

/** Returns what a place lies in. A string counts only if it has several words: others are keys and paths. */
function proseAt(
  root: Node,
  { start, end }: { readonly start: number; readonly end: number },
): 'comment' | 'string' | undefined {
  for (let node = root.descendantForIndex(start, end); node !== null; node = node.parent) {
    if (/interpolation|substitution/.test(node.type)) return undefined;
    if (/comment/.test(node.type)) return 'comment';
    if (/string|template/.test(node.type)) return /\p{L}\s+\p{L}/u.test(node.text) ? 'string' : undefined;
  }
  return undefined;
}

/** Returns the lines around an offset up to the next empty ones. */
function paragraphAt(text: string, offset: number): { readonly start: number; readonly end: number } {
  let { start, end } = lineAt(text, offset);
  for (let lines = 0; start > 0 && lines < MAX_PARAGRAPH_LINES; lines++) {
    const above = lineAt(text, start - 1);
    if (text.slice(above.start, above.end).trim() === '') break;
    ({ start } = above);
  }
  for (let lines = 0; lines < MAX_PARAGRAPH_LINES; lines++) {
    const next = text.indexOf('\n', end) + 1;
    if (next === 0) break;
    const below = lineAt(text, next);
    if (text.slice(below.start, below.end).trim() === '') break;
    ({ end } = below);
  }
  return { start, end };
}
