import type { TextEdit } from '../suggester.ts';
import { ecmaScriptImport } from './ecmaScriptImport.ts';
import { goImport } from './goImport.ts';
import type { Importing } from './importLists.ts';
import type { ImportSource } from './importSource.ts';
import { javaImport } from './javaImport.ts';
import { pythonImport } from './pythonImport.ts';

/**
 * Returns the edits that import names, in the style of the document's other imports. Edits at the same place are one.
 * Names whose import does not follow from the document's style are left out.
 */
export function importEdits(importing: Importing, sources: readonly ImportSource[]): TextEdit[] {
  const groups = new Map<string, ImportSource[]>();
  for (const source of sources) {
    // Brackets hold the packages of Go together.
    const key = importing.document.languageId === 'go' ? '' : `${source.form} ${source.path ?? source.specifier}`;
    groups.set(key, [...(groups.get(key) ?? []), source]);
  }
  const edits = new Map<number, string>();
  for (const group of groups.values())
    for (const [at, , text] of editsOf(importing, group)) edits.set(at, `${edits.get(at) ?? ''}${text}`);
  return [...edits].map(([at, text]) => [at, at, text]);
}

function editsOf(importing: Importing, sources: readonly ImportSource[]): TextEdit[] {
  switch (importing.document.languageId) {
    case 'python':
      return pythonImport(importing, sources);
    case 'java':
      return javaImport(importing, sources);
    case 'go':
      return goImport(importing, sources);
    default:
      return ecmaScriptImport(importing, sources);
  }
}
