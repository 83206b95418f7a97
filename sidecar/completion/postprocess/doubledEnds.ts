import type { Filter } from './filter.ts';

/**
 * No doubled end of a tag or of a comment: the one right after the cursor ends what stands before it, so the one that
 * the completion brings for the same goes, with all that follows it. The model may not know that it is there already.
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

/** What begins another of what `end` ends, and what ends one. */
function beginsAndEnds(end: string): RegExp {
  if (end === '*/') return /(?<begin>\/\*)|\*\//g;
  if (end === '/>') return /(?<begin><[A-Za-z>])|\/>|<\//g;
  const name = end.slice(2, -1).replaceAll('.', '\\.');
  return new RegExp(`(?<begin><${name}(?=[\\s>])(?![^<>]*/>))|</${name}>`, 'g');
}
