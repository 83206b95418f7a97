import { cutAtBlockEnd } from './blockEnd.ts';
import { dropDoubledClosers } from './closers.ts';
import { giveCloserItsLine } from './closingLine.ts';
import { dropDoubledEnds } from './doubledEnds.ts';
import type { Filter, FilterContext } from './filter.ts';
import { cutFollowing } from './following.ts';
import { matchIndentation } from './indentationStyle.ts';
import { cutAtLineEnd } from './lineEnd.ts';
import { dropLineSuffix } from './lineSuffix.ts';
import { cutLoops } from './loops.ts';
import { cutMarkup } from './markup.ts';
import { dropPreceding } from './preceding.ts';
import { cutProse } from './proseInCode.ts';
import { dropUnfinishedLine } from './unfinishedLine.ts';
import { dropTrailingComma } from './trailingComma.ts';
import { cutUnmatchedCloser } from './unmatched.ts';
import { trimWhitespace } from './whitespace.ts';
import { dropWorthless } from './worth.ts';

/**
 * The order: text that is not code, then the completion's end, then text that the document already has, then the edges.
 */
const filters: readonly Filter[] = [
  cutMarkup,
  cutAtLineEnd,
  dropUnfinishedLine,
  cutLoops,
  cutProse,
  matchIndentation,
  cutAtBlockEnd,
  cutFollowing,
  dropPreceding,
  dropLineSuffix,
  dropDoubledEnds,
  cutUnmatchedCloser,
  dropTrailingComma,
  dropDoubledClosers,
  trimWhitespace,
  dropWorthless,
  giveCloserItsLine,
];

/** Returns the part of the model's text to show, or '' for none. */
export function postprocess(text: string, context: FilterContext): string {
  let kept = text;
  for (const filter of filters) {
    kept = filter(kept, context);
    if (kept === '') return '';
  }
  return kept;
}
