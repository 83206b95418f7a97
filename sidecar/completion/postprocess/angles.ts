import { openerOf, type StringEnd } from '../../syntax/brackets.ts';

export interface Angles {
  /** How many angle brackets are open at the end. */
  readonly open: number;
  /** The index of the first `>` without an opener in the text. */
  readonly unmatchedAt: number | undefined;
}

/** Finds the angle brackets of tags, types and includes in a text, outside of its strings and of other brackets. */
export function anglesOf(text: string, stringEnd: StringEnd): Angles {
  let [open, depth] = [0, 0];
  let unmatchedAt: number | undefined;
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    if (/["'`]/.test(character)) index = stringEnd(text, index) ?? index;
    else if (/[([{]/.test(character)) depth++;
    else if (openerOf[character] !== undefined) depth--;
    else if (depth > 0) continue;
    else if (character === '<' && opens(text, index)) open++;
    else if (character === '>' && closes(text, index)) {
      if (open > 0) open--;
      else unmatchedAt ??= index;
    }
  }
  return { open, unmatchedAt };
}

/** Comparisons and shifts open no angle bracket. */
const opens = (text: string, index: number): boolean =>
  text[index - 1] !== '<' && !/[\s<=]/.test(text[index + 1] ?? '');

/** Arrows and comparisons close no angle bracket. */
function closes(text: string, index: number): boolean {
  const [before = '', after = ''] = [text[index - 1], text[index + 1]];
  return !/[=-]/.test(before) && after !== '=' && !(/\s/.test(before) && /\s/.test(after));
}
