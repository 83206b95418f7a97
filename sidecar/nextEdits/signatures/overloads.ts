import { children } from '../../syntax/nodeTexts.ts';
import type { Node } from '../../syntax/treeSitter.ts';
import { PARAMETER_LISTS } from '../functions.ts';
import type { ChangedFunction } from './changedFunctions.ts';

/** Whether a function, method or constructor of the same name stands beside it, so that a call may mean that. */
export function isOverloaded({ list }: ChangedFunction): boolean {
  const own = list.parent;
  const name = own?.childForFieldName('name')?.text;
  const around = own?.parent?.type === 'export_statement' ? own.parent.parent : own?.parent;
  if (!own || !around || name === undefined) return false;
  return children(around)
    .map(exported)
    .some(
      (each) =>
        each.id !== own.id &&
        each.childForFieldName('name')?.text === name &&
        PARAMETER_LISTS.test(each.childForFieldName('parameters')?.type ?? ''),
    );
}

function exported(node: Node): Node {
  return node.type === 'export_statement' ? (node.childForFieldName('declaration') ?? node) : node;
}
