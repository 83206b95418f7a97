import { openerOf, type StringEnd } from '../../syntax/brackets.ts';

export interface Angles {
  /** How many are open at the end. */
  readonly open: number;
  /** Where the first `>` stands that closes nothing of the text. */
  readonly unmatchedAt: number | undefined;
}

/** The angle brackets of tags, types and includes in a text, outside of its strings and of other brackets. */
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

/** Comparisons and shifts open nothing. */
const opens = (text: string, index: number): boolean =>
  text[index - 1] !== '<' && !/[\s<=]/.test(text[index + 1] ?? '');

/** Nor do arrows and comparisons close anything. */
function closes(text: string, index: number): boolean {
  const [before = '', after = ''] = [text[index - 1], text[index + 1]];
  return !/[=-]/.test(before) && after !== '=' && !(/\s/.test(before) && /\s/.test(after));
}
