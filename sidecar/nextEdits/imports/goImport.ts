import type { Node } from '../../syntax/treeSitter.ts';
import type { TextEdit } from '../suggester.ts';
import { lineBreakOf } from '../words.ts';
import { type ImportLine, type Importing, lineAfter, lineAmong, type ListItem } from './importLists.ts';
import type { ImportSource } from './importSource.ts';

/** Returns the edits that import packages. A single import without brackets gets brackets. */
export function goImport({ document: { text }, root }: Importing, sources: readonly ImportSource[]): TextEdit[] {
  const added = sources.map(({ name, original, specifier = '' }): ListItem => ({
    text: `${original ? `${name} ` : ''}"${specifier}"`,
    key: specifier,
  }));
  const declarations = nodesOf(root, 'import_declaration');
  const list = declarations.flatMap((node) => nodesOf(node, 'import_spec_list'))[0];
  if (list) return added.flatMap((item) => inList(text, list, item));
  // Cgo's import belongs to the comment before it.
  const lines = declarations
    .flatMap((node) => nodesOf(node, 'import_spec').map(lineOf))
    .filter(({ key }) => key !== 'C');
  const [single] = lines;
  if (single && lines.length === 1) return inBrackets(text, single, added);
  return added.map((item) => {
    const line = { ...item, text: `import ${item.text}` };
    if (lines.length > 0) return lineAmong(text, lines, line);
    const last = declarations.at(-1) ?? nodesOf(root, 'package_clause')[0];
    return lineAfter(text, last?.endIndex, `${lineBreakOf(text)}${line.text}`);
  });
}

function nodesOf(node: Node, type: string): Node[] {
  return node.namedChildren.filter((child) => child?.type === type) as Node[];
}

function lineOf(node: Node): ImportLine {
  const key = (node.childForFieldName('path')?.text ?? '').slice(1, -1);
  return { key, start: node.startIndex, end: node.endIndex };
}

/** Paths of the standard library have no host. */
function isStandard(specifier: string): boolean {
  return !specifier.split('/', 1)[0]?.includes('.');
}

function inList(text: string, list: Node, { text: spec, key }: ListItem): TextEdit[] {
  const specs = nodesOf(list, 'import_spec').map(lineOf);
  const group = specs.filter((each) => isStandard(each.key) === isStandard(key));
  if (specs.length === 0) return [];
  return [lineAmong(text, group.length > 0 ? group : specs, { text: `\t${spec}`, key })];
}

/** Puts brackets around an import, and the added ones before or behind it. A blank line parts them from the library. */
function inBrackets(text: string, single: ImportLine, added: readonly ListItem[]): TextEdit[] {
  const lineBreak = lineBreakOf(text);
  const own: ListItem = { text: '', key: single.key };
  const sorted = [own, ...added].sort(
    (one, other) => Number(isStandard(other.key)) - Number(isStandard(one.key)) || (one.key < other.key ? -1 : 1),
  );
  const written = sorted.map(({ text: spec, key }, index) => {
    const isNewGroup = index > 0 && isStandard(key) !== isStandard(sorted[index - 1]?.key ?? '');
    return `${isNewGroup ? lineBreak : ''}\t${spec}`;
  });
  const place = sorted.indexOf(own);
  const before = written.slice(0, place + 1).join(lineBreak);
  const behind = written.slice(place + 1).map((line) => `${lineBreak}${line}`);
  return [
    [single.start, single.start, `(${lineBreak}${before}`],
    [single.end, single.end, `${behind.join('')}${lineBreak})`],
  ];
}
