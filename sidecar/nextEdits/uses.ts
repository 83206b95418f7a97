import type { Node } from '../syntax/treeSitter.ts';
import { type Declaration, declarationOf, isWithin, leavesNamed, useOf } from './declarations.ts';
import { isAccessTo, isInMethodOf } from './receivers.ts';
import type { ScopeRules } from './scopes.ts';

export interface UseSearch {
  readonly root: Node;
  readonly text: string;
  readonly rules: ScopeRules;
  readonly declaration: Declaration;
  /** The name whose uses are meant. It may differ from the declaration's name now. */
  readonly name: string;
}

/**
 * Returns the leaves that mean a declaration, the declaration itself left out. Heads, constructors and later
 * assignments count. `undefined` where that is uncertain, since the name is declared twice beside each other.
 */
export function usesOf(search: UseSearch): Node[] | undefined {
  const { root, text, rules, declaration, name } = search;
  const leaves = leavesNamed(root, text, name)?.filter(({ id }) => id !== declaration.leaf.id);
  if (leaves === undefined) return undefined;
  const others = new Map(leaves.flatMap((leaf) => entryOf(leaf, rules)));
  const rivals = [...others.values()].filter(
    (other) => !isSameThing(other, declaration, rules) && isMethod(other) === isMethod(declaration),
  );
  if (rivals.some((rival) => isBeside(rival, declaration))) return undefined;
  return leaves.filter((leaf) => {
    const other = others.get(leaf.id);
    if (other !== undefined) return isSameThing(other, declaration, rules);
    switch (useOf(leaf, text)) {
      case 'key':
        return isFieldInitializer(leaf, declaration);
      case 'member':
        return (declaration.isMember || declaration.isField) && isAccessTo(declaration, leaf, search);
      case 'plain':
        return (
          isVisible(leaf, declaration, rules) &&
          !isOtherNamespace(leaf, declaration) &&
          !rivals.some((rival) => isWithin(leaf, rival.scope) && isWithin(rival.scope, declaration.scope))
        );
    }
  });
}

function entryOf(leaf: Node, rules: ScopeRules): [number, Declaration][] {
  const declaration = declarationOf(leaf, rules);
  return declaration === undefined ? [] : [[leaf.id, declaration]];
}

/** Whether two declarations are visible in the same place. */
export function isBeside(one: Declaration, other: Declaration): boolean {
  return one.scope.id === other.scope.id && one.isMember === other.isMember;
}

/**
 * Whether two declarations declare one thing: an assignment to a variable behind its first, a function's head and its
 * body, a class and its constructor.
 */
export function isSameThing(other: Declaration, declaration: Declaration, rules: ScopeRules): boolean {
  if (isConstructorOf(other, declaration)) return true;
  if (rules.assignmentsDeclare && isBeside(other, declaration) && /assignment/.test(other.owner.type))
    return other.leaf.startIndex > declaration.leaf.startIndex;
  if (isHead(other.owner) === isHead(declaration.owner)) return false;
  const areFunctions = isFunction(other) && isFunction(declaration);
  return areFunctions && other.isMember === declaration.isMember && other.container === declaration.container;
}

/** In most languages a constructor has the name of its class. */
function isConstructorOf(other: Declaration, { leaf, owner, scope, isMember }: Declaration): boolean {
  if (isMember || !/class|struct|record|enum/.test(owner.type) || !other.isMember) return false;
  if (other.scope.id === owner.id) return isFunction(other) || /constructor/.test(other.owner.type);
  // `Point::Point()` outside of the class: its qualifier has the new name already, or still the old one.
  return (
    isWithin(other.leaf, scope) && isFunction(other) && [leaf.text, other.leaf.text].includes(other.container ?? '')
  );
}

function isHead({ type }: Node): boolean {
  return /^(declaration|field_declaration|function_signature|method_signature)$/.test(type);
}

function isFunction({ leaf, owner }: Declaration): boolean {
  if (/function|method/.test(owner.type)) return true;
  const { parent } = leaf;
  return (parent?.type === 'qualified_identifier' ? parent.parent : parent)?.type === 'function_declarator';
}

/** Whether a name without a qualifier can mean the declaration. */
function isVisible(leaf: Node, { scope, isMember, container }: Declaration, rules: ScopeRules): boolean {
  if (!isMember) return isWithin(leaf, scope);
  if (!rules.hasBareMembers) return false;
  return isWithin(leaf, scope) || (container !== undefined && isInMethodOf(container, leaf));
}

/** `Point(double x) : x(x)` initializes the field `x`. */
function isFieldInitializer(leaf: Node, { isMember, scope }: Declaration): boolean {
  return isMember && leaf.parent?.type === 'field_initializer' && isWithin(leaf, scope);
}

/** In Java a field and a method may have the same name. */
function isMethod({ owner }: Declaration): boolean {
  return owner.type === 'method_declaration';
}

/** In Java a variable and a method may have the same name, and so may `$x` and `x` in PHP. */
function isOtherNamespace(leaf: Node, declaration: Declaration): boolean {
  const { parent } = leaf;
  const isCalled = parent?.type === 'method_invocation' && parent.childForFieldName('name')?.id === leaf.id;
  if (isCalled && !isMethod(declaration)) return true;
  return (parent?.type === 'variable_name') !== (declaration.leaf.parent?.type === 'variable_name');
}
