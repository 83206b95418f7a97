import type { Node } from '../../syntax/treeSitter.ts';
import type { RecentEdit, SourceDocument, SuggestContext, Suggestion, TextEdit } from '../suggester.ts';
import { lineAt, placesOfWord, wholeWords } from '../words.ts';

const CONFIDENCE = 0.8;
const MAX_EDITS = 4;
const MIN_WORD_UNITS = 3;
const MAX_PARAGRAPH_LINES = 12;

/**
 * A word of a comment or string was replaced: suggests the same in the comments and strings of the same paragraph. A
 * paragraph ends at an empty line.
 */
export async function suggestWording(context: SuggestContext): Promise<readonly Suggestion[]> {
  for (const edit of context.edits.slice(0, MAX_EDITS)) {
    const document = context.document(edit.uri);
    const words = document && wordsOf(edit, document);
    const root = words && (await context.root(document));
    if (document === undefined || root === undefined || words === undefined || !isProse(root, words)) continue;
    const { text } = document;
    const { start, end } = paragraphAt(text, edit.start);
    const edits = placesOfWord(text.slice(start, end), words.before)
      .map((at): TextEdit => [start + at, start + at + words.before.length, words.after])
      .filter(([from, to]) => isProse(root, { start: from, end: to }));
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
  if (!/^\p{L}+$/u.test(before) || before.length < MIN_WORD_UNITS || after === '') return undefined;
  return { start, end, before, after };
}

function isProse(root: Node, { start, end }: { readonly start: number; readonly end: number }): boolean {
  for (let node = root.descendantForIndex(start, end); node !== null; node = node.parent) {
    if (/interpolation|substitution/.test(node.type)) return false;
    if (/comment|string|template/.test(node.type)) return true;
  }
  return false;
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
