import type { Node } from '../../syntax/treeSitter.ts';
import type { TextEdit } from '../suggester.ts';
import { type Importing, type ImportLine, lineAfter, lineAmong, withItems } from './importLists.ts';
import type { ImportSource } from './importSource.ts';
import { pythonSpecifier } from './modulePaths.ts';

/** Returns the edits that import names of one module. All have the same form. */
export function pythonImport({ document, root }: Importing, sources: readonly ImportSource[]): TextEdit[] {
  const { text } = document;
  const module = pythonSpecifier(document, sources[0]?.specifier ?? '', sources[0]?.sample);
  const statements = root.namedChildren.filter(
    (node): node is Node => node !== null && /^(?:future_)?import_(?:from_)?statement$/.test(node.type),
  );
  if (statements.length === 0 && /^(?:#|"""|''')/.test(text)) return [];
  if (sources[0]?.form === 'module')
    return sources.map(({ name, original }) => {
      const line = original ? `import ${original} as ${name}` : `import ${name}`;
      return newLine(text, statements, { line, module: original ?? name });
    });
  const items = sources.map(({ name, original }) => ({
    text: original ? `${original} as ${name}` : name,
    key: original ?? name,
  }));
  const own = statements.filter((each) => each.childForFieldName('module_name')?.text === module);
  const known = own.findLast((each) => !each.namedChildren.some((child) => child?.type === 'wildcard_import'));
  const isSingle = isOneNameALine(statements);
  if (known && !isSingle) return withItems(text, namesOf(known), items);
  if (known)
    return items.map((item) =>
      lineAmong(
        text,
        own.map((each) => ({ key: namesOf(each)[0]?.key ?? '', start: each.startIndex, end: each.endIndex })),
        { text: `from ${module} import ${item.text}`, key: item.key },
      ),
    );
  return (isSingle ? items.map((item) => item.text) : [items.map((item) => item.text).join(', ')]).map((names) =>
    newLine(text, statements, { line: `from ${module} import ${names}`, module }),
  );
}

function namesOf(statement: Node): ImportLine[] {
  return statement
    .childrenForFieldName('name')
    .flatMap((name) =>
      name ? [{ key: (name.childForFieldName('name') ?? name).text, start: name.startIndex, end: name.endIndex }] : [],
    );
}

/** Whether the file imports each name by a statement of its own, even names of the same module. */
function isOneNameALine(statements: readonly Node[]): boolean {
  const modules = statements.flatMap((each) => each.childForFieldName('module_name')?.text ?? []);
  return new Set(modules).size < modules.length && statements.every((each) => namesOf(each).length <= 1);
}

/** Puts an import among those of the same package, or else behind the last. */
function newLine(
  text: string,
  statements: readonly Node[],
  { line, module }: { readonly line: string; readonly module: string },
): TextEdit {
  const isFrom = line.startsWith('from');
  const lines = statements.map((each) => ({
    key: (each.childForFieldName('module_name') ?? each.childForFieldName('name'))?.text ?? '',
    isFrom: each.type !== 'import_statement',
    start: each.startIndex,
    end: each.endIndex,
  }));
  const top = (name: string): string => (name.startsWith('.') ? '.' : (name.split('.', 1)[0] ?? ''));
  const same = lines.filter(({ key }) => top(key) === top(module));
  if (same.length > 0) return lineAmong(text, same, { text: line, key: module });
  const block = blockOf(text, lines, module.startsWith('.') || isFrom);
  return block.length > 0
    ? lineAmong(
        text,
        block.filter((each) => each.isFrom === isFrom).length > 0
          ? block.filter((each) => each.isFrom === isFrom)
          : block,
        { text: line, key: module },
      )
    : lineAfter(text, lines.at(-1)?.end, line);
}

/** Returns the imports up to an empty line: the first ones, or the last ones. */
function blockOf<T extends ImportLine>(text: string, lines: readonly T[], isLast: boolean): T[] {
  const blocks: T[][] = [];
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    if (before === undefined || /\n[ \t]*\r?\n/.test(text.slice(before.end, line.start))) blocks.push([]);
    blocks.at(-1)?.push(line);
  }
  return blocks.at(isLast ? -1 : 0) ?? [];
}
