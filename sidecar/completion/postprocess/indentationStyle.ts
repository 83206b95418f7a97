import type { Filter } from './filter.ts';

/**
 * If one style indents this many times as many lines as the other, it is the document's style. Some documents have
 * both, where editors replaced eight spaces by a tab.
 */
const CLEARLY = 3;

/** Converts the model's indentation between spaces and tabs to the document's style. */
export const matchIndentation: Filter = (text, { cursor }) => {
  if (!text.includes('\n')) return text;
  const sample = cursor.before.slice(-8192) + cursor.after.slice(0, 8192);
  const tabs = sample.match(/^\t/gm)?.length ?? 0;
  const spaces = sample.match(/^ {2}/gm)?.length ?? 0;
  if (tabs > CLEARLY * spaces) return text.replace(/(?<=\n)(?: {4})+/g, (indent) => '\t'.repeat(indent.length / 4));
  if (spaces > CLEARLY * tabs)
    return text.replace(/(?<=\n)\t+/g, (indent) => ' '.repeat(indent.length * unitOf(sample)));
  return text;
};

/** Returns the spaces per level: the smallest indentation that occurs. */
function unitOf(sample: string): number {
  const widths = [...sample.matchAll(/^ +(?=\S)/gm)].map((match) => match[0].length).filter((width) => width > 1);
  return widths.length === 0 ? 4 : Math.min(...widths);
}
