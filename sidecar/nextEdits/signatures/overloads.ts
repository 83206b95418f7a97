import { children } from '../../syntax/nodeTexts.ts';
import { PARAMETER_LISTS } from '../functions.ts';
import type { ScopeRules } from '../scopes.ts';
import type { ChangedFunction } from './changedFunctions.ts';

/** Whether a class has another constructor or method of the same name, so that a call may mean that. */
export function isOverloaded({ list }: ChangedFunction, rules: ScopeRules): boolean {
  const own = list.parent;
  const body = own?.parent;
  const name = own?.childForFieldName('name')?.text;
  if (!own || !body || name === undefined || !rules.classes.has(body.parent?.type ?? '')) return false;
  return children(body).some(
    (each) =>
      each.id !== own.id &&
      each.type === own.type &&
      each.childForFieldName('name')?.text === name &&
      PARAMETER_LISTS.test(each.childForFieldName('parameters')?.type ?? ''),
  );
}
