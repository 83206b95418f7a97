import type { Node } from '../syntax/treeSitter.ts';
import { type Declaration, declarationOf, isWithin, leavesNamed } from './declarations.ts';
import type { ScopeRules } from './scopes.ts';

const RECEIVER = /([\p{L}_][\p{L}\p{N}_]*)\s*(?:\?\.|!?\.|->|::)\s*$/u;
const OWN = /^(?:this|self|cls|Self|static)$/;
const MAX_BACK_UNITS = 200;
const MAX_DECLARATION_UNITS = 400;

export interface ReceiverSearch {
  readonly root: Node;
  readonly text: string;
  readonly rules: ScopeRules;
}

/**
 * Whether the object of a member access certainly has the class of a member: `this` within the class, the class's own
 * name, or a variable whose declaration names the class.
 */
export function isAccessTo(member: Declaration, leaf: Node, { root, text, rules }: ReceiverSearch): boolean {
  const ownClass = member.isMember ? member.scope : classAround(member.scope, rules);
  const container = member.container ?? ownClass?.childForFieldName('name')?.text;
  const before = text.slice(Math.max(0, leaf.startIndex - MAX_BACK_UNITS), leaf.startIndex);
  const receiver = RECEIVER.exec(before)?.[1];
  if (receiver === undefined || container === undefined) return false;
  // `a.this` is no receiver, and `list.first.name` is not the name of `first`.
  const isAlone = !/(?:\.|->|::)\s*$/.test(before.slice(0, before.length - (RECEIVER.exec(before)?.[0].length ?? 0)));
  if (!isAlone) return false;
  if (OWN.test(receiver))
    return (ownClass?.tree === leaf.tree && isWithin(leaf, ownClass)) || isInMethodOf(container, leaf);
  if (receiver === container) return true;
  const declared = (leavesNamed(root, text, receiver) ?? [])
    .flatMap((each) => declarationOf(each, rules) ?? [])
    .filter(({ scope }) => isWithin(leaf, scope))
    .sort((one, other) => one.scope.endIndex - one.scope.startIndex - (other.scope.endIndex - other.scope.startIndex));
  const [nearest] = declared;
  if (nearest === undefined) return false;
  // The type stands in the declaration, or around it where several variables share it.
  const around = [nearest.owner, nearest.owner.parent].find(
    (node) => node !== null && /declar|param|field/.test(node.type),
  );
  const says = (around ?? nearest.owner).text.slice(0, MAX_DECLARATION_UNITS);
  return new RegExp(`(?<![\\p{L}\\p{N}_])${container}(?![\\p{L}\\p{N}_])`, 'u').test(says.split('=>', 1)[0] ?? '');
}

function classAround(node: Node, rules: ScopeRules): Node | undefined {
  for (let outer: Node | null = node; outer !== null; outer = outer.parent)
    if (rules.classes.has(outer.type)) return outer;
  return undefined;
}

/** Whether a leaf lies in a method that stands outside of its class, as in C++ and Rust. */
export function isInMethodOf(container: string, leaf: Node): boolean {
  for (let outer = leaf.parent; outer !== null; outer = outer.parent) {
    if (outer.type === 'impl_item') return outer.childForFieldName('type')?.text.split('<', 1)[0] === container;
    if (outer.type !== 'function_definition') continue;
    let name = outer.childForFieldName('declarator');
    while (name !== null && name.type !== 'qualified_identifier') name = name.childForFieldName('declarator');
    if (name !== null) return name.childForFieldName('scope')?.text.split('<', 1)[0] === container;
  }
  return false;
}
