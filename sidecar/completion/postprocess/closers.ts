import type { Filter } from './filter.ts';

const pairOf: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/**
 * No doubled closers: the closers right after the cursor close what stands before it, so the ones that the completion brings for the same
 * openers go, with all that follows them.
 */
export const dropDoubledClosers: Filter = (text, { cursor }) => {
  const waiting = /^\s*[)\]}"'`>;,:]*/.exec(cursor.lineSuffix)?.[0].replace(/\s/g, '') ?? '';
  if (waiting === '') return text;
  return dropTail(cutUnmatched(text, waiting, cursor.linePrefix), waiting);
};

/** Cuts at the closer that is the first of those waiting after the cursor and closes nothing within the text. */
function cutUnmatched(text: string, waiting: string, linePrefix: string): string {
  const open: string[] = [];
  let quote = '';
  const first = waiting[0] ?? '';
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    if (quote !== '') {
      if (character === '\\') index++;
      else if (character === quote || (character === '\n' && quote !== '`')) quote = '';
      continue;
    }
    if (/["'`]/.test(character)) {
      // A quote that is waiting after the cursor closes the string that the cursor is in.
      if (character === first && insideString(linePrefix, character)) return text.slice(0, index);
      quote = character;
    } else if (/[([{]/.test(character)) open.push(character);
    else if (pairOf[character] !== undefined) {
      if (open.at(-1) === pairOf[character]) open.pop();
      else if (character === first) return text.slice(0, index);
    }
  }
  return text;
}

function insideString(linePrefix: string, quote: string): boolean {
  let count = 0;
  for (let index = 0; index < linePrefix.length; index++) {
    if (linePrefix[index] === '\\') index++;
    else if (linePrefix[index] === quote) count++;
  }
  return count % 2 === 1;
}

/** Drops a tail of `text` that is what waits after the cursor: `;` or `:` or `,`. */
function dropTail(text: string, waiting: string): string {
  if (!/^[;,:]+$/.test(waiting)) return text;
  return text.endsWith(waiting) ? text.slice(0, -waiting.length) : text;
}
