import type { TextEdit } from '../../../sidecar/nextEdits/suggester.ts';

/** A statement that imports names from a file, of TypeScript or Python: its names and its path. */
const ECMA_SCRIPT = /^import\s+(type\s+)?(?:([\w$]+)\s*,?\s*)?(?:\{([^}]*)\}\s*)?from\s*['"]([^'"]+)['"]/gm;
const PYTHON = /^\s*from\s+([\w.]+)\s+import\s+(?:\(([^)]*)\)|([^\n#]*))/gm;
const GO = /^(?:import\s+)?\s*(?:[\w.]+\s+)?"([^"\n]+)"$/gm;

/**
 * Whether a later text imports all names that an edit of the earlier one imports, from the same file, as types or not
 * as the edit does. Their place and order do not count.
 */
export function isImported(now: string, wanted: string, [start, end, inserted]: TextEdit): boolean {
  const before = importedNames(now);
  const after = importedNames(now.slice(0, start) + inserted + now.slice(end));
  const brought = [...after].filter((name) => !before.has(name));
  const found = importedNames(wanted);
  return brought.length > 0 && brought.every((name) => found.has(name));
}

/** Returns "path name" for each imported name. A name that is imported as a type has "type" before it. */
function importedNames(text: string): Set<string> {
  const names = new Set<string>();
  for (const [, type, own, list = '', path = ''] of text.matchAll(ECMA_SCRIPT)) {
    if (own !== undefined) names.add(`${path} ${type ? 'type ' : ''}default ${own}`);
    for (const name of namesIn(list)) names.add(`${path} ${type && !name.startsWith('type ') ? 'type ' : ''}${name}`);
  }
  for (const [, path = '', inBrackets, list] of text.matchAll(PYTHON))
    for (const name of namesIn((inBrackets ?? list ?? '').replaceAll(/#[^\n]*/g, ''))) names.add(`${path} ${name}`);
  for (const [, path = ''] of text.matchAll(GO)) names.add(path);
  return names;
}

function namesIn(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim().replaceAll(/\s+/g, ' '))
    .filter((name) => name !== '');
}
