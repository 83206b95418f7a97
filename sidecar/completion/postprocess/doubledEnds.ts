import type { Filter } from './filter.ts';

/**
 * Drops a doubled end of a tag or comment. The end right after the cursor already closes the text before it. So the
 * completion stops before its own end for the same opener, which the model may add by mistake.
 */
export const dropDoubledEnds: Filter = (text, { cursor }) => {
  const waiting = /^\s*(<\/[\w.:-]*>|\*\/|\/>)/.exec(cursor.lineSuffix)?.[1];
  if (waiting === undefined) return text;
  let open = 0;
  for (const { index, groups } of text.matchAll(beginsAndEnds(waiting))) {
    if (groups?.['begin'] !== undefined) open++;
    else if (open === 0) return text.slice(0, index);
    else open--;
  }
  return text;
};

/** Returns a pattern for the openers that `end` closes, and for their ends. */
function beginsAndEnds(end: string): RegExp {
  if (end === '*/') return /(?<begin>\/\*)|\*\//g;
  if (end === '/>') return /(?<begin><[A-Za-z>])|\/>|<\//g;
  const name = end.slice(2, -1).replaceAll('.', '\\.');
  return new RegExp(`(?<begin><${name}(?=[\\s>])(?![^<>]*/>))|</${name}>`, 'g');
}
