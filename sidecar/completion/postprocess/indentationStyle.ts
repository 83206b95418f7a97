import type { Filter } from './filter.ts';

/**
 * Where one of the two indents so many times as many lines as the other, it is the document's. Some have both, as
 * editors made of eight spaces a tab.
 */
const CLEARLY = 3;

/** Lines that the model indented by spaces in a document indented by tabs become tabs, and the other way round. */
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

/** Spaces per level: the least indentation that occurs. */
function unitOf(sample: string): number {
  const widths = [...sample.matchAll(/^ +(?=\S)/gm)].map((match) => match[0].length).filter((width) => width > 1);
  return widths.length === 0 ? 4 : Math.min(...widths);
}
