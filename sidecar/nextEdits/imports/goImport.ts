import type { Node } from '../../syntax/treeSitter.ts';
import type { TextEdit } from '../suggester.ts';
import { type ImportLine, type Importing, lineAfter, lineAmong } from './importLists.ts';
import type { ImportSource } from './importSource.ts';

/** Returns the edits that import packages. Nothing is added to a single import without brackets. */
export function goImport({ document: { text }, root }: Importing, sources: readonly ImportSource[]): TextEdit[] {
  return sources.flatMap(({ name, original, specifier = '' }) => {
    const spec = `${original ? `${name} ` : ''}"${specifier}"`;
    const declaration = root.namedChildren.find((node) => node?.type === 'import_declaration');
    const list = declaration?.namedChildren.find((node) => node?.type === 'import_spec_list');
    if (!declaration) return atPackage(text, root, spec);
    if (!list) return [];
    const specs = list.namedChildren.flatMap((node) => (node?.type === 'import_spec' ? [lineOf(node)] : []));
    const group = specs.filter(({ key }) => isStandard(key) === isStandard(specifier));
    if (specs.length === 0) return [];
    return [lineAmong(text, group.length > 0 ? group : specs, { text: `\t${spec}`, key: specifier })];
  });
}

function lineOf(node: Node): ImportLine {
  const key = (node.childForFieldName('path')?.text ?? '').slice(1, -1);
  return { key, start: node.startIndex, end: node.endIndex };
}

/** Paths of the standard library have no host. */
function isStandard(specifier: string): boolean {
  return !specifier.split('/', 1)[0]?.includes('.');
}

function atPackage(text: string, root: Node, spec: string): TextEdit[] {
  const clause = root.namedChildren.find((node) => node?.type === 'package_clause');
  return clause ? [lineAfter(text, clause.endIndex, `\nimport ${spec}`)] : [];
}
