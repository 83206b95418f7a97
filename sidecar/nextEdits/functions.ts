import type { Node } from '../syntax/treeSitter.ts';
import { type Declaration, declarationOf } from './declarations.ts';
import type { RecentEdit } from './suggester.ts';
import type { ScopeRules } from './scopes.ts';

/** A function with the list of parameters in which an edit lies. */
export interface EditedFunction {
  readonly declaration: Declaration;
  readonly list: Node;
}

/** The types of lists of parameters in the grammars. */
export const PARAMETER_LISTS = /^(formal_parameters|parameters|parameter_list)$/;

/** Returns the function in whose parameters an edit lies. */
export function functionAt(
  root: Node,
  edit: Pick<RecentEdit, 'start' | 'end'>,
  rules: ScopeRules,
): EditedFunction | undefined {
  for (let node = root.descendantForIndex(edit.start, edit.end); node !== null; node = node.parent) {
    if (!PARAMETER_LISTS.test(node.type)) continue;
    const isInside = edit.start > node.startIndex && edit.end < node.endIndex;
    const declaration = isInside ? declarationOfFunction(node, rules) : undefined;
    return declaration && { declaration, list: node };
  }
  return undefined;
}

/** Returns what declares the function of a parameter list. A constructor is called by its class's name. */
export function declarationOfFunction(list: Node, rules: ScopeRules): Declaration | undefined {
  const { parent } = list;
  if (parent === null) return undefined;
  if (isConstructor(parent)) {
    let owner: Node | null = parent;
    while (owner !== null && !rules.classes.has(owner.type)) owner = owner.parent;
    const name = owner?.childForFieldName('name');
    return name ? declarationOf(name, rules) : undefined;
  }
  // A function may be the value of a variable.
  const holder = parent.parent?.type === 'variable_declarator' ? parent.parent : parent;
  let name = holder.childForFieldName('name') ?? holder.childForFieldName('declarator');
  if (name?.type === 'qualified_identifier') name = name.childForFieldName('name');
  return name ? declarationOf(name, rules) : undefined;
}

function isConstructor(node: Node): boolean {
  const name = node.childForFieldName('name')?.text;
  return (
    node.type === 'constructor_declaration' ||
    (node.type === 'method_definition' && name === 'constructor') ||
    (node.type === 'function_definition' && name === '__init__') ||
    (node.type === 'method_declaration' && name === '__construct')
  );
}

/** A call with its arguments. `leaf` is the called name. */
export interface Call {
  readonly leaf: Node;
  readonly list: Node;
}

/** Returns the calls among the uses of a function. */
export function callsOf(leaves: readonly Node[]): Call[] {
  return leaves.flatMap((leaf) => {
    const list = argumentsOf(leaf);
    return list === undefined ? [] : [{ leaf, list }];
  });
}

function argumentsOf(leaf: Node): Node | undefined {
  let callee = leaf;
  // `a.b.f`, `A::f` and `f<T>` are callees that begin or end with the name.
  while (
    callee.parent !== null &&
    (callee.parent.endIndex === callee.endIndex || callee.parent.type === 'template_function') &&
    callee.parent.childForFieldName('arguments')?.endIndex !== callee.endIndex
  )
    callee = callee.parent;
  const call = callee.parent;
  const list = call?.childForFieldName('arguments');
  const called = call && CALLEE_FIELDS.map((field) => call.childForFieldName(field)).find((node) => node !== null);
  return list && called?.id === callee.id ? list : undefined;
}

const CALLEE_FIELDS = ['function', 'constructor', 'name', 'type', 'method'];
